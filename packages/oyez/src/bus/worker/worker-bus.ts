import cluster from 'node:cluster'
import { randomUUID } from 'node:crypto'
import type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  Position,
  ReadRequest,
  ReadResult,
} from '../bus.ts'
import { refuseAck } from '../append-ack.ts'
import { BusError } from '../bus-error.ts'
import { checkOwner } from '../producer-owner.ts'
import { GuardedHandler } from '../guarded-handler.ts'
import { CallTable } from './call-table.ts'
import { type BrokerItem, ENVELOPE, type Envelope, readEnvelope, readItem, type WorkerCall } from './wire.ts'

export interface WorkerBusOptions {
  /** Milliseconds that `start` waits for a `WorkerBroker` in the primary. @default 5_000 */
  readonly startTimeoutMs?: number | undefined
  /** Milliseconds after which a primary that does not answer counts as down; at most 4,400. @default 4_000 */
  readonly callTimeoutMs?: number | undefined
  /** Bytes of calls that may wait for the primary; more are rejected as `unavailable`. @default 67_108_864 */
  readonly maxPendingBytes?: number | undefined
}

type CallBody = WorkerCall extends infer C ? (C extends unknown ? Omit<C, 'id'> : never) : never

const BEATS_PER_TIMEOUT = 8
const HELLO_INTERVAL_MS = 200
const CALL_BYTES = 128

/** Bytes that arrive as something else show that the workers were forked without the serialization for them. */
const PROBE = Uint8Array.of(1)

/**
 * The bus of a `node:cluster` worker: the primary holds the logs (see `WorkerBroker`) and this is a node. Calls of one turn of the event loop
 * travel in one process message.
 *
 * Several buses in one worker work, as do other users of the same IPC channel: see `WorkerBroker`.
 */
export class WorkerBus implements Bus {
  readonly name = 'worker'
  readonly #id = randomUUID()
  readonly #startTimeoutMs: number
  readonly #callTimeoutMs: number
  readonly #maxPendingBytes: number
  readonly #calls = new CallTable(BEATS_PER_TIMEOUT)
  readonly #subscribed = new Set<string>()
  readonly #stats = { received: 0, unwanted: 0, appended: 0, reads: 0, reconnects: 0 }
  #state: 'idle' | 'starting' | 'up' | 'down' | 'closed' = 'idle'
  #handler: BusHandler | undefined
  #outbox: WorkerCall[] = []
  #pulse: NodeJS.Timeout | undefined
  #heardThisBeat = false
  #probing = false

  /** @throws {TypeError} for a time or a bound that is no whole number from 1, or a `callTimeoutMs` above 4,400. */
  constructor(options: WorkerBusOptions = {}) {
    this.#startTimeoutMs = whole('startTimeoutMs', options.startTimeoutMs ?? 5_000)
    this.#callTimeoutMs = whole('callTimeoutMs', options.callTimeoutMs ?? 4_000)
    this.#maxPendingBytes = whole('maxPendingBytes', options.maxPendingBytes ?? 67_108_864)
    if (this.#callTimeoutMs > 4_400) throw new TypeError('WorkerBusOptions.callTimeoutMs is above 4,400')
  }

  async start(handler: BusHandler): Promise<void> {
    if (this.#state !== 'idle') throw new BusError('closed', 'this worker bus was started before; make a new one')
    if (!cluster.isWorker || !process.connected) {
      throw new BusError(
        'unavailable',
        'a WorkerBus runs in a worker of node:cluster, and this process is none; use MemoryBus in a single process',
      )
    }
    this.#state = 'starting'
    this.#handler = new GuardedHandler(handler)
    process.on('message', this.#onMessage)
    process.on('disconnect', this.#onDisconnect)
    try {
      await this.#greet()
    } catch (error) {
      this.#release('closed', 'the bus could not start')
      throw error
    }
    this.#state = 'up'
    this.#pulse = setInterval(() => this.#beat(), this.#callTimeoutMs / BEATS_PER_TIMEOUT).unref()
    this.#handler.onStatus({ state: 'up' })
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    this.#mustBeUp()
    // Before the answer: hints may come in the same message as the answer does.
    for (const channel of channels) this.#subscribed.add(channel)
    try {
      await this.#call({ op: 'subscribe', channels }, bytesOf(channels))
    } catch (error) {
      for (const channel of channels) this.#subscribed.delete(channel)
      // The primary may yet carry it out; what follows on the same way undoes it.
      this.#post({ id: this.#calls.nextId(), op: 'unsubscribe', channels })
      throw error
    }
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    const answer = this.#call({ op: 'unsubscribe', channels }, bytesOf(channels))
    for (const channel of channels) this.#subscribed.delete(channel)
    await answer
  }

  async broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    await this.#call({ op: 'broadcast', channel, bytes }, bytes.byteLength)
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    this.#mustBeUp()
    refuseAck(request.ack)
    checkOwner(request.producer?.owner)
    const result = (await this.#call({ op: 'append', request }, request.record.byteLength)) as AppendResult
    if (result.kind === 'appended') this.#stats.appended += 1
    return result
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    this.#stats.reads += 1
    const result = (await this.#call({ op: 'read', request }, 0)) as ReadResult
    if (result.verdict === 'break') return result
    return { ...result, records: result.records.map(({ offset, record }) => ({ offset, record: unpinned(record) })) }
  }

  async heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    return (await this.#call({ op: 'heads', channels }, bytesOf(channels))) as readonly (Position | undefined)[]
  }

  async closeProducer(channel: string, producerId: string, owner?: string): Promise<number> {
    checkOwner(owner)
    return (await this.#call(
      { op: 'closeProducer', channel, producerId, owner },
      channel.length + producerId.length,
    )) as number
  }

  /** The primary is the one and only; that it answers is all there is to know. */
  async confirm(): Promise<boolean> {
    await this.#call({ op: 'ping' }, 0)
    return true
  }

  stats(): BusStats {
    return { ...this.#stats }
  }

  async close(): Promise<void> {
    if (this.#state === 'up' || this.#state === 'down' || this.#state === 'starting') {
      this.#post({ id: this.#calls.nextId(), op: 'bye' })
      this.#flush()
    }
    this.#release('closed', 'the worker bus is closed')
  }

  async #greet(): Promise<void> {
    const end = performance.now() + this.#startTimeoutMs
    const id = this.#calls.nextId()
    const answer = this.#calls.wait(id, 'hello', 0)
    // Again and again: whoever is not listening yet does not find the message later.
    const knock = (): void => {
      if (performance.now() < end) this.#post({ id, op: 'hello', probe: PROBE })
      else this.#calls.reject(id, 'unavailable', this.#nobodyAnswers())
    }
    const knocking = setInterval(knock, HELLO_INTERVAL_MS)
    knock()
    try {
      await answer
    } finally {
      clearInterval(knocking)
    }
  }

  #nobodyAnswers(): string {
    return `no WorkerBroker answered in the cluster primary (pid ${process.ppid}) within ${this.#startTimeoutMs} ms; call new WorkerBroker().start() there`
  }

  async #call(body: CallBody, bytes: number): Promise<unknown> {
    this.#mustBeUp()
    if (this.#calls.bytes + bytes > this.#maxPendingBytes) {
      throw new BusError('unavailable', 'too much waits for the cluster primary')
    }
    return this.#ask(body, bytes)
  }

  #mustBeUp(): void {
    if (this.#state === 'up') return
    if (this.#state === 'down') throw new BusError('unavailable', 'the cluster primary does not answer')
    throw new BusError('closed', `the worker bus is ${this.#state === 'closed' ? 'closed' : 'not started'}`)
  }

  #ask(body: CallBody, bytes: number): Promise<unknown> {
    const id = this.#calls.nextId()
    this.#post({ id, ...body })
    return this.#calls.wait(id, body.op, bytes + CALL_BYTES)
  }

  #post(call: WorkerCall): void {
    if (this.#state === 'idle' || this.#state === 'closed') return
    if (this.#outbox.push(call) === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const batch = this.#outbox
    if (batch.length === 0) return
    this.#outbox = []
    const envelope: Envelope<WorkerCall> = { oyez: ENVELOPE, bus: this.#id, batch }
    // With a callback, a channel that is gone is an argument and no `error` event; the `disconnect` event says the rest.
    if (process.connected) process.send?.(envelope, undefined, undefined, () => {})
  }

  readonly #onMessage = (message: unknown): void => {
    const envelope = readEnvelope(message)
    if (envelope?.bus !== this.#id) return
    this.#heardThisBeat = true
    for (const value of envelope.batch) {
      const item = readItem(value)
      if (item !== undefined) this.#take(item)
    }
  }

  #take(item: BrokerItem): void {
    switch (item.kind) {
      case 'reply':
        return this.#calls.resolve(item.id, item.value)
      case 'failure':
        return this.#calls.reject(item.id, item.code, item.message)
      case 'stranger':
        this.#goDown('the broker in the cluster primary is another one')
        return this.#calls.reject(item.id, 'unavailable', 'the broker in the cluster primary is another one')
      case 'gap':
        return this.#handler?.onStatus({ state: 'gap', channels: item.channels })
      case 'hint':
        this.#stats.received += 1
        if (this.#subscribed.has(item.channel)) {
          this.#handler?.onPublication(item.channel, unpinned(item.bytes), item.position)
        } else {
          this.#stats.unwanted += 1
        }
    }
  }

  #beat(): void {
    if (this.#calls.beat()) this.#goDown('the cluster primary does not answer')
    if (!this.#probing && (this.#state === 'down' || !this.#heardThisBeat)) void this.#probe()
    this.#heardThisBeat = false
  }

  async #probe(): Promise<void> {
    this.#probing = true
    try {
      if (this.#state === 'up') await this.#ask({ op: 'ping' }, 0)
      else await this.#rejoin()
    } catch {
      // The next beat tries again; that nothing was heard is said by the state.
    } finally {
      this.#probing = false
    }
  }

  /** As if new: whoever answers may be a broker that has never heard of this bus. A gap is said only when all channels are live again. */
  async #rejoin(): Promise<void> {
    await this.#ask({ op: 'hello', probe: PROBE }, 0)
    await this.#ask({ op: 'subscribe', channels: [...this.#subscribed] }, 0)
    if (this.#state !== 'down') return
    this.#state = 'up'
    this.#stats.reconnects += 1
    this.#handler?.onStatus({ state: 'up' })
    this.#handler?.onStatus({ state: 'gap' })
  }

  #goDown(why: string): void {
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#handler?.onStatus({ state: 'down', error: new BusError('unavailable', why) })
  }

  readonly #onDisconnect = (): void => {
    this.#goDown('the channel to the cluster primary is closed')
    this.#release('closed', 'the channel to the cluster primary is closed')
  }

  #release(code: 'closed', why: string): void {
    this.#state = 'closed'
    this.#handler = undefined
    clearInterval(this.#pulse)
    process.off('message', this.#onMessage)
    process.off('disconnect', this.#onDisconnect)
    this.#outbox = []
    this.#subscribed.clear()
    this.#calls.rejectAll(code, why)
  }
}

/** A copy of its own: what came is a view of the whole process message, which one kept record would pin. */
function unpinned(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function bytesOf(channels: readonly string[]): number {
  return channels.reduce((sum, channel) => sum + channel.length, 0)
}

function whole(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new TypeError(`WorkerBusOptions.${name} must be a whole number from 1, not ${value}`)
  }
  return value
}
