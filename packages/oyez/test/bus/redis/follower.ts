import type { BusStatus, Position } from '../../../src/bus/bus.ts'
import { RedisBus, type RedisBusOptions } from '../../../src/bus/redis/index.ts'
import { waitFor } from '../../fixture/redis-server.ts'
import { AMPLE } from './redis-node.ts'

/** What a hub does with one channel, in short: hints in order, and the log wherever one is missing or a gap is told. */
class FollowedChannel {
  readonly texts: string[] = []
  readonly breaks: string[] = []
  readonly #name: string
  readonly #bus: RedisBus
  #position: Position | undefined
  #reading = false
  #again = false
  #ended = false

  constructor(name: string, bus: RedisBus) {
    this.#name = name
    this.#bus = bus
  }

  get position(): Position | undefined {
    return this.#position
  }

  end(): void {
    this.#ended = true
  }

  hint(text: string, position: Position): void {
    const at = this.#position
    if (at !== undefined && position.epoch === at.epoch && position.offset <= at.offset) return
    if (at === undefined || this.#reading || position.epoch !== at.epoch || position.offset !== at.offset + 1) {
      return void this.read()
    }
    this.texts.push(text)
    this.#position = position
  }

  async read(): Promise<void> {
    this.#again = true
    if (this.#reading) return
    this.#reading = true
    while (this.#again) {
      this.#again = false
      try {
        const after = this.#position ?? { epoch: '', offset: 0 }
        const result = await this.#bus.read({ channel: this.#name, after, limit: 10_000, retention: AMPLE })
        if (result.verdict === 'continue') {
          this.texts.push(...result.records.map(({ record }) => Buffer.from(record).toString()))
        } else {
          this.breaks.push(result.reason)
        }
        this.#position = result.head
      } catch {
        if (this.#ended) return
        this.#again = true
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    this.#reading = false
  }
}

/** A bus with channels that are followed as a hub follows them. */
export class Follower {
  readonly bus: RedisBus
  readonly statuses: BusStatus[] = []
  readonly #channels = new Map<string, FollowedChannel>()
  /** Hints heard, whether they were of use or not. */
  heard = 0

  private constructor(bus: RedisBus) {
    this.bus = bus
  }

  static async start(options: RedisBusOptions, channels: readonly string[]): Promise<Follower> {
    const follower = new Follower(new RedisBus(options))
    await follower.bus.start({
      onPublication: (channel, bytes, position) => {
        follower.heard++
        if (position !== undefined) follower.#channels.get(channel)?.hint(Buffer.from(bytes).toString(), position)
      },
      onStatus: (status) => follower.#onStatus(status),
    })
    for (const channel of channels) follower.#channels.set(channel, new FollowedChannel(channel, follower.bus))
    await follower.bus.subscribe(channels)
    await Promise.all([...follower.#channels.values()].map((channel) => channel.read()))
    return follower
  }

  get states(): string[] {
    return this.statuses.map(({ state }) => state)
  }

  texts(channel: string): readonly string[] {
    return this.#channels.get(channel)?.texts ?? []
  }

  breaks(channel: string): readonly string[] {
    return this.#channels.get(channel)?.breaks ?? []
  }

  position(channel: string): Position | undefined {
    return this.#channels.get(channel)?.position
  }

  /** Channels of which a gap was told since `from`; `undefined` for all. */
  gaps(from = 0): (readonly string[] | undefined)[] {
    return this.statuses.slice(from).flatMap((status) => (status.state === 'gap' ? [status.channels] : []))
  }

  async says(state: BusStatus['state'], from = 0, deadlineMs = 15_000): Promise<void> {
    await waitFor(() => this.states.indexOf(state, from) !== -1, deadlineMs)
  }

  async hears(channel: string, count: number, deadlineMs = 15_000): Promise<void> {
    await waitFor(() => this.texts(channel).length >= count, deadlineMs)
  }

  async close(): Promise<void> {
    for (const channel of this.#channels.values()) channel.end()
    await this.bus.close()
  }

  #onStatus(status: BusStatus): void {
    this.statuses.push(status)
    if (status.state !== 'gap') return
    for (const name of status.channels ?? this.#channels.keys()) void this.#channels.get(name)?.read()
  }
}

/** A publisher that sends again what was not stored, in order, as a client does: numbered, so that nothing is stored twice. */
export class Publisher {
  readonly #bus: RedisBus
  readonly #channel: string
  readonly #id: string
  readonly stored: string[] = []
  #seq = 0
  #stopped = false

  constructor(bus: RedisBus, channel: string, id: string) {
    this.#bus = bus
    this.#channel = channel
    this.#id = id
  }

  /** Publishes the next one, for as long as it takes. */
  async next(): Promise<Position> {
    const seq = ++this.#seq
    const text = `${this.#id} ${seq}`
    for (;;) {
      if (this.#stopped) throw new Error('stopped')
      try {
        const producer = { id: this.#id, seq }
        const request = { channel: this.#channel, record: Buffer.from(text), retention: AMPLE, producer }
        const result = await this.#bus.append(request)
        if (result.kind === 'appended' || result.kind === 'duplicate') {
          this.stored.push(text)
          return result.position
        }
        throw new Error(`${this.#id} ${seq}: ${JSON.stringify(result)}`)
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code !== 'unavailable' && code !== 'uncertain') throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  /** Publishes one after the other until {@link stop}. */
  async run(): Promise<void> {
    while (!this.#stopped) await this.next()
  }

  stop(): void {
    this.#stopped = true
  }
}
