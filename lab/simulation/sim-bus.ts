import type { BusError as BusErrorClass, BusErrorCode } from 'oyez'
import type { Random } from '../random.ts'
import type { Broker } from './broker.ts'
import type { BrokerServer } from './broker-server.ts'
import type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  Position,
  ReadRequest,
  ReadResult,
} from './bus-contract.ts'
import type { FakeClock } from './fake-clock.ts'

/** What goes wrong between a node and the broker; probabilities from 0 to 1. */
export interface BusTrouble {
  lostHint: number
  failedRead: number
  slowCall: number
}

export interface BusWorld {
  readonly clock: FakeClock
  readonly random: Random
  readonly broker: Broker
  readonly trouble: BusTrouble
  readonly BusError: typeof BusErrorClass
  /** All buses that are connected: whoever appends hints to these. */
  readonly buses: Set<SimBus>
  readonly log: (words: string) => void
}

/** A record, or a broadcast without a position, on its way to the buses. */
interface SimHint {
  readonly channel: string
  readonly bytes: Uint8Array
  readonly position?: Position | undefined
}

interface Call {
  run(server: BrokerServer): void
  fail(code: BusErrorCode): void
  readonly isAppend: boolean
  isDone: boolean
}

/** A bus to the simulated broker: calls and hints travel in order and take time, and connections are lost with what is on them. */
export class SimBus implements Bus {
  readonly name = 'simulated'
  readonly #world: BusWorld
  readonly #label: string
  readonly #wanted = new Set<string>()
  readonly #live = new Set<string>()
  readonly #calls = new Set<Call>()
  #handler: BusHandler | undefined
  #server: BrokerServer | undefined
  #isClosed = false
  /** Counts connections, so that what belongs to an older one is recognised. */
  #generation = 0
  #lastArrival = 0
  #lastHint = 0
  readonly #stats = { received: 0, unwanted: 0, appended: 0, reads: 0, reconnects: 0 }
  readonly #stopListening: () => void

  constructor(world: BusWorld, label: string) {
    this.#world = world
    this.#label = label
    this.#stopListening = world.broker.onLost((lost) => {
      if (lost === this.#server) this.cut()
    })
  }

  /** Channels that are subscribed. */
  get interest(): ReadonlySet<string> {
    return this.#wanted
  }

  async start(handler: BusHandler): Promise<void> {
    this.#handler = handler
    this.#connect()
    await this.#call(false, () => undefined)
    handler.onStatus({ state: 'up' })
  }

  subscribe(channels: readonly string[]): Promise<void> {
    return this.#call(false, () => {
      for (const channel of channels) {
        this.#wanted.add(channel)
        this.#live.add(channel)
      }
    })
  }

  unsubscribe(channels: readonly string[]): Promise<void> {
    for (const channel of channels) {
      this.#wanted.delete(channel)
      this.#live.delete(channel)
    }
    return this.#call(false, () => undefined)
  }

  broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    return this.#call(false, (server) => this.#spread(server, { channel, bytes }))
  }

  append(request: AppendRequest): Promise<AppendResult> {
    const copy = { ...request, record: new Uint8Array(request.record) }
    return this.#call(true, (server) => {
      const result = server.append(copy)
      if (result.kind === 'appended') {
        this.#stats.appended += 1
        this.#spread(server, { channel: copy.channel, bytes: copy.record, position: result.position })
      }
      return result
    })
  }

  read(request: ReadRequest): Promise<ReadResult> {
    this.#stats.reads += 1
    const { random, trouble, BusError } = this.#world
    if (random.chance(trouble.failedRead)) return Promise.reject(new BusError('unavailable', 'made to fail'))
    return this.#call(false, (server) => server.read(request))
  }

  heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    return this.#call(false, (server) => channels.map((channel) => server.head(channel)))
  }

  closeProducer(channel: string, producerId: string): Promise<number> {
    return this.#call(false, (server) => server.closeProducer(channel, producerId))
  }

  confirm(): Promise<boolean> {
    return this.#call(false, (server) => server === this.#world.broker.master)
  }

  stats(): BusStats {
    return { ...this.#stats }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopListening()
    this.#disconnect('closed')
    this.#wanted.clear()
  }

  /** The connection is lost; another one is made after a while. */
  cut(): void {
    if (this.#server === undefined) return
    const { clock, random, log } = this.#world
    log(`${this.#label}: the bus connection is lost`)
    this.#disconnect('uncertain')
    this.#handler?.onStatus({ state: 'down', error: new Error('connection lost') })
    clock.after(random.whole(20, 2_500), () => this.#reconnect())
  }

  /** Leaves a server that is not the master any more, as a probe makes it do. */
  leaveStale(): void {
    if (this.#server !== undefined && this.#server !== this.#world.broker.master) this.cut()
  }

  hear(server: BrokerServer, hint: SimHint): void {
    const { clock, random, trouble, log } = this.#world
    if (server !== this.#server || !this.#live.has(hint.channel)) return
    if (random.chance(trouble.lostHint)) {
      log(`${this.#label}: a hint is lost (${hint.channel} ${hint.position?.offset ?? ''})`)
      return
    }
    this.#lastHint = Math.max(this.#lastHint, clock.now + this.#delay())
    const generation = this.#generation
    clock.after(this.#lastHint - clock.now, () => {
      if (generation !== this.#generation || !this.#live.has(hint.channel)) return
      this.#stats.received += 1
      this.#handler?.onPublication(hint.channel, new Uint8Array(hint.bytes), hint.position)
    })
  }

  #spread(server: BrokerServer, hint: SimHint): void {
    for (const bus of this.#world.buses) bus.hear(server, hint)
  }

  #connect(): void {
    this.#server = this.#world.broker.master
    this.#generation += 1
    this.#lastArrival = this.#lastHint = 0
    this.#world.buses.add(this)
  }

  #disconnect(code: BusErrorCode): void {
    const { clock, random } = this.#world
    const server = this.#server
    this.#server = undefined
    this.#generation += 1
    this.#live.clear()
    this.#world.buses.delete(this)
    // What was on the way may still arrive at the server, within the time after which a request is refused.
    let isArriving = random.chance(0.5)
    for (const call of this.#calls) {
      if (call.isAppend && !call.isDone && isArriving && server !== undefined) {
        clock.after(random.whole(0, 1_000), () => call.run(server))
        isArriving = random.chance(0.8)
      } else if (call.isAppend && !call.isDone) isArriving = false
      call.fail(call.isAppend || code === 'closed' ? code : 'unavailable')
    }
    this.#calls.clear()
  }

  #reconnect(): void {
    if (this.#isClosed || this.#server !== undefined) return
    const { clock, log } = this.#world
    this.#connect()
    this.#stats.reconnects += 1
    const generation = this.#generation
    clock.after(this.#delay(), () => {
      if (generation !== this.#generation) return
      for (const channel of this.#wanted) this.#live.add(channel)
      log(`${this.#label}: the bus is up again`)
      this.#handler?.onStatus({ state: 'up' })
      clock.after(this.#delay(), () => {
        if (generation === this.#generation) this.#handler?.onStatus({ state: 'gap' })
      })
    })
  }

  #delay(): number {
    const { random, trouble } = this.#world
    return random.chance(trouble.slowCall) ? random.whole(100, 1_500) : random.next() * 8
  }

  /** Sends a call to the server: it arrives behind the ones before it, and so does its answer. */
  #call<Result>(isAppend: boolean, work: (server: BrokerServer) => Result): Promise<Result> {
    const { clock, BusError } = this.#world
    const server = this.#server
    if (server === undefined) {
      return Promise.reject(new BusError(this.#isClosed ? 'closed' : 'unavailable', 'there is no connection'))
    }
    return new Promise((resolve, reject) => {
      let result: Result | undefined
      const call: Call = {
        isAppend,
        isDone: false,
        run: (at) => {
          if (call.isDone) return
          result = work(at)
          call.isDone = true
        },
        fail: (code) => reject(new BusError(code, 'the connection was lost')),
      }
      this.#calls.add(call)
      const generation = this.#generation
      this.#lastArrival = Math.max(this.#lastArrival, clock.now + this.#delay())
      clock.after(this.#lastArrival - clock.now, () => {
        if (generation !== this.#generation) return
        call.run(server)
        clock.after(this.#answerDelay(), () => {
          if (generation !== this.#generation) return
          this.#calls.delete(call)
          resolve(result as Result)
        })
      })
    })
  }

  // Answers stay in order: each takes the same time.
  #answerDelay(): number {
    return 3
  }
}
