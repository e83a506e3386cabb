import type { Frame } from '../protocol/codec.ts'
import type { PackedFrames, Transport } from '../transport/transport.ts'
import { Batch, type WireForm } from './wire-form.ts'

/**
 * What waits for one client until the end of the tick: everything goes out in one write. Writing is what costs (about 8 µs a call), so
 * a connection is written to once a tick, and bytes that many connections receive are made once and shared.
 */
export class SendQueue {
  readonly #transport: Transport
  readonly #form: WireForm
  #items: (Frame | Batch)[] = []
  #queuedBytes = 0

  constructor(transport: Transport, form: WireForm) {
    this.#transport = transport
    this.#form = form
  }

  /** Bytes not yet taken by the operating system. */
  get pendingBytes(): number {
    return this.#queuedBytes + this.#transport.bufferedAmount
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  push(item: Frame | Batch): void {
    this.#items.push(item)
    this.#queuedBytes += item instanceof Batch ? item.bytes : item.length
  }

  /** Puts a frame before all that waits. */
  unshift(frame: Frame): void {
    this.#items.unshift(frame)
    this.#queuedBytes += frame.length
  }

  /** Writes all that waits, in order, in one step. */
  flush(): void {
    const items = this.#items
    if (items.length === 0) return
    this.#items = []
    this.#queuedBytes = 0
    const [first] = items
    // The common case of fan-out: one channel spoke, its bytes are ready.
    if (items.length === 1 && first instanceof Batch) this.#transport.write(first.packed())
    else this.#transport.write({ bytes: this.#join(items) })
  }

  clear(): void {
    this.#items = []
    this.#queuedBytes = 0
  }

  /** Packs runs of own frames together and puts shared batches between them. */
  #join(items: readonly (Frame | Batch)[]): Uint8Array {
    const parts: PackedFrames[] = []
    let run: Frame[] = []
    for (const item of items) {
      if (item instanceof Batch) {
        if (run.length > 0) parts.push(this.#form.pack(run))
        run = []
        parts.push(item.packed())
      } else {
        run.push(item)
      }
    }
    if (run.length > 0) parts.push(this.#form.pack(run))
    return parts.length === 1 && parts[0] !== undefined
      ? parts[0].bytes
      : Buffer.concat(parts.map(({ bytes }) => bytes))
  }
}
