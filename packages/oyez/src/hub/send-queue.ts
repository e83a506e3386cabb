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
  /** Bytes of the items that cannot grow any more. */
  #queuedBytes = 0
  /** Batches among the items that may still grow: one per channel that spoke in this tick. */
  #growing: Batch[] = []

  constructor(transport: Transport, form: WireForm) {
    this.#transport = transport
    this.#form = form
  }

  /** Bytes not yet taken by the operating system. */
  get pendingBytes(): number {
    let bytes = this.#transport.bufferedAmount
    if (this.#growing.length > 0) {
      this.#growing = this.#growing.filter((batch) => {
        if (batch.isSealed) this.#queuedBytes += batch.bytes
        else bytes += batch.bytes
        return !batch.isSealed
      })
    }
    return bytes + this.#queuedBytes
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  push(item: Frame | Batch): void {
    this.#items.push(item)
    if (item instanceof Batch) this.#growing.push(item)
    else this.#queuedBytes += item.length
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
    this.clear()
    const [first] = items
    if (items.length > 1 || first === undefined) this.#transport.write({ bytes: this.#join(items) })
    // The common case of fan-out: one channel spoke, its bytes are ready.
    else if (first instanceof Batch) this.#transport.write(first.packed())
    // The common case of everything else: one answer.
    else this.#transport.write(this.#form.pack([first]))
  }

  clear(): void {
    this.#items = []
    if (this.#growing.length > 0) this.#growing = []
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
