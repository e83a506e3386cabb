import cluster, { type Worker } from 'node:cluster'
import type { Position, StoredRecord } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { Interest } from '../interest.ts'
import { LogStore, type LogStoreOptions } from '../log-store.ts'
import { readCall, readEnvelope, readId, type WorkerCall } from './wire.ts'
import { RemoteBus, WorkerLink } from './worker-link.ts'

export interface WorkerBrokerOptions extends LogStoreOptions {
  /**
   * Bytes that may wait in the primary for one worker. Above it the worker gets no hints until it has taken nearly all of them; then it
   * is told to read what it missed. @default 4_194_304
   */
  readonly maxOutstandingBytes?: number | undefined
}

/** Counters and gauges of a {@link WorkerBroker}. */
export interface WorkerBrokerStats {
  /** Buses that are joined, one or more per worker. */
  readonly buses: number
  /** Channels that at least one bus wants. */
  readonly channels: number
  /** Channels that have a log. */
  readonly logs: number
  /** Bytes that wait in this process for workers. */
  readonly outstandingBytes: number
  /** Hints that were not sent because their worker did not drain; each worker reads them from the log when it does. */
  readonly missedHints: number
  /** Messages in our envelope that could not be understood. */
  readonly malformed: number
}

type Running = 'idle' | 'running' | 'closed'

let runningHere = false

/**
 * Owns the channel logs in the primary of `node:cluster`; the `WorkerBus`es of the workers are its nodes. When the primary ends, so do the
 * workers, and the logs with them.
 *
 * Messages travel over the workers' own IPC channels, in an envelope with the key `oyez`. A `message` listener of the application sees them
 * too and must ignore what is not its own, as with every library that uses these channels; messages without our envelope are ignored here.
 */
export class WorkerBroker {
  readonly #logs: LogStore
  readonly #maxOutstandingBytes: number
  readonly #interest = new Interest<RemoteBus>()
  readonly #links = new Map<number, WorkerLink>()
  #state: Running = 'idle'
  #missedBefore = 0
  #malformed = 0

  constructor(options: WorkerBrokerOptions = {}) {
    this.#logs = new LogStore(options)
    this.#maxOutstandingBytes = options.maxOutstandingBytes ?? 4_194_304
    if (!Number.isSafeInteger(this.#maxOutstandingBytes) || this.#maxOutstandingBytes < 1) {
      throw new TypeError(`WorkerBrokerOptions.maxOutstandingBytes must be a whole number from 1`)
    }
  }

  /**
   * Begins to serve the workers, those that run and those to come. Sets the cluster's `serialization` to `advanced`, in which bytes travel as
   * bytes; a later `cluster.setupPrimary` must leave it so.
   *
   * @throws {TypeError} outside of the cluster's primary, beside another broker, after `close`, and when workers were forked without it.
   */
  start(): this {
    if (this.#state === 'running') return this
    if (this.#state === 'closed') throw new TypeError('This WorkerBroker is closed; make a new one')
    if (!cluster.isPrimary) throw new TypeError('A WorkerBroker runs in the primary of node:cluster, not in a worker')
    if (runningHere) throw new TypeError('There is a WorkerBroker in this process; one serves all workers')
    if (cluster.settings.serialization !== 'advanced') {
      if (Object.keys(cluster.workers ?? {}).length > 0) {
        throw new TypeError(
          "Workers were forked with JSON serialization: start the WorkerBroker first, or call cluster.setupPrimary({ serialization: 'advanced' }) before forking",
        )
      }
      cluster.setupPrimary({ serialization: 'advanced' })
    }
    runningHere = true
    this.#state = 'running'
    this.#logs.startSweeping()
    cluster.on('message', this.#onMessage)
    cluster.on('disconnect', this.#onGone)
    cluster.on('exit', this.#onGone)
    return this
  }

  stats(): WorkerBrokerStats {
    let buses = 0
    let outstandingBytes = 0
    let missedHints = this.#missedBefore
    for (const link of this.#links.values()) {
      buses += link.buses.size
      outstandingBytes += link.outstandingBytes
      missedHints += link.missed
    }
    return {
      buses,
      channels: this.#interest.size,
      logs: this.#logs.size,
      outstandingBytes,
      missedHints,
      malformed: this.#malformed,
    }
  }

  /** Serves no more. Buses in the workers notice it as a broker that is down. Idempotent. */
  async close(): Promise<void> {
    if (this.#state === 'running') {
      runningHere = false
      cluster.off('message', this.#onMessage)
      cluster.off('disconnect', this.#onGone)
      cluster.off('exit', this.#onGone)
      this.#logs.stopSweeping()
      for (const id of this.#links.keys()) this.#drop(id)
    }
    this.#state = 'closed'
  }

  readonly #onGone = (worker: Worker): void => this.#drop(worker.id)

  readonly #onMessage = (worker: Worker, message: unknown): void => {
    const envelope = readEnvelope(message)
    if (envelope === undefined) return
    const link = this.#linkTo(worker)
    for (const value of envelope.batch) {
      const call = readCall(value)
      if (call === undefined) this.#refuse(link, envelope.bus, value)
      else this.#serve(link, envelope.bus, call)
    }
  }

  #linkTo(worker: Worker): WorkerLink {
    let link = this.#links.get(worker.id)
    if (link === undefined) {
      // With a callback, a worker that died meanwhile is an argument; without one it would be an `error` event that ends the primary.
      link = new WorkerLink((message, sent) => {
        if (worker.isConnected()) worker.send(message, undefined, undefined, sent)
      }, this.#maxOutstandingBytes)
      this.#links.set(worker.id, link)
    }
    return link
  }

  #drop(workerId: number): void {
    const link = this.#links.get(workerId)
    if (link === undefined) return
    this.#links.delete(workerId)
    this.#missedBefore += link.missed
    for (const bus of link.buses.values()) this.#interest.removeAll(bus)
    link.end()
  }

  #refuse(link: WorkerLink, busId: string, value: unknown): void {
    this.#malformed += 1
    const id = readId(value)
    if (id === undefined) return
    const bus = link.buses.get(busId) ?? new RemoteBus(busId, link)
    const message =
      "the call could not be read; bytes need cluster.setupPrimary({ serialization: 'advanced' }), which new WorkerBroker().start() sets before the first fork"
    bus.fail({ id, code: 'refused', message })
  }

  #serve(link: WorkerLink, busId: string, call: WorkerCall): void {
    let bus = link.buses.get(busId)
    if (bus === undefined) {
      bus = new RemoteBus(busId, link)
      if (call.op !== 'hello') {
        // A bus of before: this broker is new in this primary, and the bus's subscriptions are not here.
        link.push(bus, { kind: 'stranger', id: call.id }, 0)
        return
      }
      link.buses.set(busId, bus)
    }
    try {
      this.#carryOut(bus, call)
    } catch (error) {
      const code = error instanceof BusError ? error.code : 'refused'
      bus.fail({ id: call.id, code, message: error instanceof Error ? error.message : String(error) })
    }
  }

  #carryOut(bus: RemoteBus, call: WorkerCall): void {
    switch (call.op) {
      case 'hello':
        // Said at the start, and when the bus has lost its way: it subscribes to what it wants next.
        this.#interest.removeAll(bus)
        return bus.reply(call.id, undefined, 0)
      case 'ping':
        return bus.reply(call.id, undefined, 0)
      case 'bye':
        this.#interest.removeAll(bus)
        bus.link.buses.delete(bus.id)
        return
      case 'subscribe':
        for (const channel of call.channels) this.#interest.add(bus, channel)
        return bus.reply(call.id, undefined, 0)
      case 'unsubscribe':
        for (const channel of call.channels) this.#interest.remove(bus, channel)
        return bus.reply(call.id, undefined, 0)
      case 'broadcast':
        this.#hint(call.channel, call.bytes, undefined)
        return bus.reply(call.id, undefined, 0)
      case 'append': {
        // The bytes that came are a view of the whole process message, which one kept record would pin.
        const record = new Uint8Array(call.request.record)
        const result = this.#logs.append({ ...call.request, record })
        if (result.kind === 'appended') this.#hint(call.request.channel, record, result.position)
        return bus.reply(call.id, result, ITEM_BYTES)
      }
      case 'read': {
        const result = this.#logs.read(call.request)
        return bus.reply(call.id, result, result.verdict === 'continue' ? bytesIn(result.records) : ITEM_BYTES)
      }
      case 'closeProducer':
        return bus.reply(call.id, this.#logs.closeProducer(call.channel, call.producerId, call.owner), ITEM_BYTES)
      case 'heads':
        return bus.reply(call.id, this.#logs.heads(call.channels), call.channels.length * ITEM_BYTES)
    }
  }

  #hint(channel: string, bytes: Uint8Array, position: Position | undefined): void {
    for (const bus of this.#interest.of(channel)) bus.hint(channel, bytes, position)
  }
}

const ITEM_BYTES = 64

function bytesIn(records: readonly StoredRecord[]): number {
  return records.reduce((sum, { record }) => sum + record.byteLength + ITEM_BYTES, 0)
}
