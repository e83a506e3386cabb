import type { Position } from '../bus.ts'
import { type BrokerItem, ENVELOPE, type Envelope } from './wire.ts'

/** Sends one process message; `sent` is called when the operating system has taken it, or with what went wrong. */
export type Send = (message: Envelope<BrokerItem>, sent: (error: Error | null) => void) => void

const ITEM_BYTES = 64
const MAX_NAMED_GAPS = 1_000

/** One bus in a worker, as the broker sees it. */
export class RemoteBus {
  readonly id: string
  readonly link: WorkerLink
  #missed: Set<string> | 'all' | undefined

  constructor(id: string, link: WorkerLink) {
    this.id = id
    this.link = link
  }

  reply(id: number, value: unknown, bytes: number): void {
    this.link.push(this, { kind: 'reply', id, value }, bytes)
  }

  fail(item: Omit<BrokerItem & { kind: 'failure' }, 'kind'>): void {
    this.link.push(this, { kind: 'failure', ...item }, 0)
  }

  hint(channel: string, bytes: Uint8Array, position: Position | undefined): void {
    if (this.link.lagging) this.#miss(channel)
    else this.link.push(this, { kind: 'hint', channel, bytes, position }, bytes.byteLength + channel.length)
  }

  /** Says which channels lost hints, if any did. */
  confessGap(): void {
    if (this.#missed === undefined) return
    const channels = this.#missed === 'all' ? undefined : [...this.#missed]
    this.#missed = undefined
    this.link.push(this, { kind: 'gap', channels }, 0)
  }

  #miss(channel: string): void {
    this.link.countMissed()
    this.#missed ??= new Set()
    if (this.#missed === 'all') return
    this.#missed.add(channel)
    if (this.#missed.size > MAX_NAMED_GAPS) this.#missed = 'all'
  }
}

/**
 * The way to one worker process. What is said in one turn of the event loop travels in one message per bus. When more than
 * `maxOutstandingBytes` wait for the worker, hints are no longer kept for it: when it has taken nearly everything it is told which channels
 * to read again. So a worker that stands still costs the primary this much memory and no more.
 */
export class WorkerLink {
  readonly buses: Map<string, RemoteBus> = new Map()
  readonly #send: Send
  readonly #maxOutstandingBytes: number
  readonly #outbox = new Map<RemoteBus, BrokerItem[]>()
  #queuedBytes = 0
  #sentBytes = 0
  #missed = 0
  #state: 'flowing' | 'lagging' | 'ended' = 'flowing'

  constructor(send: Send, maxOutstandingBytes: number) {
    this.#send = send
    this.#maxOutstandingBytes = maxOutstandingBytes
  }

  /** Bytes that the worker has not taken yet, as far as this process keeps them. */
  get outstandingBytes(): number {
    return this.#queuedBytes + this.#sentBytes
  }

  /** Hints that were not sent because the worker did not take what came before. */
  get missed(): number {
    return this.#missed
  }

  get lagging(): boolean {
    return this.#state === 'lagging'
  }

  countMissed(): void {
    this.#missed += 1
  }

  push(bus: RemoteBus, item: BrokerItem, bytes: number): void {
    if (this.#state === 'ended') return
    if (this.#outbox.size === 0) setImmediate(() => this.#flush())
    const waiting = this.#outbox.get(bus)
    if (waiting === undefined) this.#outbox.set(bus, [item])
    else waiting.push(item)
    this.#queuedBytes += bytes + ITEM_BYTES
    if (this.outstandingBytes > this.#maxOutstandingBytes) this.#state = 'lagging'
  }

  /** The worker is gone: nothing is sent any more. */
  end(): void {
    this.#state = 'ended'
    this.#outbox.clear()
    this.#queuedBytes = 0
    this.#sentBytes = 0
  }

  #flush(): void {
    if (this.#state === 'ended') return
    const bytes = this.#queuedBytes
    let left = this.#outbox.size
    this.#queuedBytes = 0
    this.#sentBytes += bytes
    for (const [bus, batch] of this.#outbox) {
      // A failed send means that the worker is gone: its `exit` or `disconnect` ends the link.
      this.#send({ oyez: ENVELOPE, bus: bus.id, batch }, () => {
        left -= 1
        if (left === 0) this.#taken(bytes)
      })
    }
    this.#outbox.clear()
  }

  #taken(bytes: number): void {
    if (this.#state === 'ended') return
    this.#sentBytes -= bytes
    if (this.#state !== 'lagging' || this.outstandingBytes > this.#maxOutstandingBytes / 4) return
    this.#state = 'flowing'
    for (const bus of this.buses.values()) bus.confessGap()
  }
}
