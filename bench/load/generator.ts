import { answerOrders, ownUsage } from '../child/answer-orders.ts'
import type { Aim } from '../dialects/dialect.ts'
import { dialects } from '../dialects/dialects.ts'
import { textFrame } from './frame.ts'
import { stampedPayload } from './latency.ts'
import type { Crowd, GeneratorOrders, Pace, Sample } from './order.ts'
import { RawClient, type RawClientListener } from './raw-client.ts'
import { Run } from './run.ts'

const CHANNEL = 'news'
/** Of all users, the ones who send. */
const SENDERS = 200
const OPENING = 100
/** So many subscribers have the age of their deliveries looked at: decoding must cost next to nothing. */
const SAMPLED_SUBSCRIBERS = 8
/** Members of a small channel. */
const PER_CHANNEL = 4
const FIRST_ID = 1_000_000_000

/** Opens a crowd of connections and publishes: the body of the load generator's process. */
class Generator implements GeneratorOrders {
  #crowd: Crowd | undefined
  #clients: RawClient[] = []
  #stalled: RawClient[] = []
  #publisher: RawClient | undefined
  #run: Run | undefined
  #lastId = FIRST_ID
  #nextSender = 0
  readonly #listener: RawClientListener = {
    onPublication: (client, bytes, start) => {
      const run = this.#run
      if (run === undefined) return
      run.onDelivery(client.received)
      // Users and members of small channels receive one by one: of theirs, every eighth is looked at.
      if (client.sampled && (this.#crowd?.kind === 'channel' || (run.delivered & 7) === 0)) {
        run.takeLatency(bytes, start)
      }
    },
    onChunkEnd: () => this.#run?.advance(),
    onFailure: (error) => this.#run?.fail(error),
  }

  async open(crowd: Crowd): Promise<void> {
    this.#crowd = crowd
    const { opening = OPENING } = crowd
    for (let first = 0; first < crowd.connections; first += opening) {
      const wave: RawClient[] = []
      for (let n = first; n < Math.min(first + opening, crowd.connections); n++) wave.push(this.#connect(crowd, n))
      await Promise.all(wave.map((client) => client.ready))
      this.#clients.push(...wave)
    }
    if (crowd.kind !== 'channel') return
    this.#publisher = this.#connect({ ...crowd, kind: 'idle' }, 0)
    await this.#publisher.ready
  }

  async stall(count: number): Promise<void> {
    const crowd = this.#crowd as Crowd
    for (let n = 0; n < count; n++) {
      const client = this.#connect(crowd, n, SILENT)
      await client.ready
      client.stall()
      this.#stalled.push(client)
    }
  }

  begin(pace: Pace): void {
    const kind = this.#crowd?.kind
    const recipients = kind === 'users' ? 1 : kind === 'channels' ? PER_CHANNEL : this.#clients.length
    for (const client of this.#clients) client.received = 0
    this.#run = new Run({
      pace,
      recipients,
      sameForAll: kind === 'channel',
      publish: (count) => {
        if (kind === 'users') this.#sendToUsers(count)
        else if (kind === 'channels') this.#publishToChannels(count)
        else this.#publish(count)
      },
    })
  }

  sample(): Sample {
    if (this.#run === undefined) throw new Error('nothing was begun')
    const now = { atMs: performance.now(), deliveries: this.#run.delivered, cpuUs: this.cpuUs() }
    return { ...now, ...this.#run.latencies() }
  }

  async stop(): ReturnType<GeneratorOrders['stop']> {
    if (this.#run === undefined) throw new Error('nothing was begun')
    return this.#run.stop()
  }

  count(): number {
    return this.#clients.reduce((sum, client) => sum + client.received, 0)
  }

  bytesRead(): number {
    return this.#clients.reduce((sum, client) => sum + client.bytesRead, 0)
  }

  cpuUs(): number {
    return ownUsage().cpuUs
  }

  #connect(crowd: Crowd, number: number, listener: RawClientListener = this.#listener): RawClient {
    const { dialect, ports, kind, connections } = crowd
    return new RawClient({
      port: ports[number % ports.length] as number,
      dialect: dialects[dialect],
      aim: aimOf(kind, number),
      sampled: kind !== 'channel' || number % Math.ceil(connections / SAMPLED_SUBSCRIBERS) === 0,
      listener,
    })
  }

  #publish(count: number): void {
    const { dialect, payloadBytes } = this.#crowd as Crowd
    const frames = Array.from({ length: count }, () =>
      textFrame(dialects[dialect].publish(CHANNEL, stampedPayload(payloadBytes), ++this.#lastId)),
    )
    this.#publisher?.write(frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames))
  }

  #publishToChannels(count: number): void {
    const { dialect } = this.#crowd as Crowd
    for (let n = 0; n < count; n++) {
      const sender = this.#clients[Math.floor(Math.random() * this.#clients.length)] as RawClient
      if (sender.aim.kind !== 'subscriber') throw new Error('only members publish')
      sender.write(textFrame(dialects[dialect].publish(sender.aim.channel, stampedPayload(), ++this.#lastId)))
    }
  }

  #sendToUsers(count: number): void {
    const { dialect, connections } = this.#crowd as Crowd
    for (let n = 0; n < count; n++) {
      const sender = this.#clients[this.#nextSender++ % Math.min(SENDERS, connections)] as RawClient
      const receiver = `u${Math.floor(Math.random() * connections)}`
      sender.write(textFrame(dialects[dialect].sendTo(receiver, stampedPayload(), ++this.#lastId)))
    }
  }
}

const SILENT: RawClientListener = { onPublication: () => {}, onChunkEnd: () => {}, onFailure: () => {} }

function aimOf(kind: Crowd['kind'], number: number): Aim {
  switch (kind) {
    case 'channel':
      return { kind: 'subscriber', channel: CHANNEL }
    case 'channels':
      return { kind: 'subscriber', channel: `room-${Math.floor(number / PER_CHANNEL)}` }
    case 'users':
      return { kind: 'user', user: `u${number}` }
    case 'idle':
      return { kind: 'bystander' }
  }
}

const generator = new Generator()
answerOrders<GeneratorOrders>({
  open: (crowd) => generator.open(crowd),
  begin: (pace) => generator.begin(pace),
  sample: () => generator.sample(),
  stop: () => generator.stop(),
  stall: (count) => generator.stall(count),
  bytesRead: () => generator.bytesRead(),
  count: () => generator.count(),
  cpuUs: () => generator.cpuUs(),
})
