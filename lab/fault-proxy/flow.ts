import type { Socket } from 'node:net'
import type { Random } from '../random.ts'

/** What a proxy does to the bytes of one direction. */
export interface FlowFaults {
  /** Every byte arrives so much later. */
  readonly delayMs: number
  /** Up to so much more, at random; the order of the bytes stays. */
  readonly jitterMs: number
  /** Chunks are cut into pieces of at most so many bytes; 0 leaves them whole. */
  readonly sliceBytes: number
  /** Nothing arrives, and nobody is told. */
  readonly hole: boolean
}

export const NO_FAULTS: FlowFaults = { delayMs: 0, jitterMs: 0, sliceBytes: 0, hole: false }

/** Bytes that may wait for a receiver before the sender is held back. */
const HIGH_WATER = 262_144

/** One direction of one connection. */
export class Flow {
  readonly #from: Socket
  readonly #to: Socket
  readonly #random: Random
  readonly #onBytes: (count: number) => void
  #faults: FlowFaults = NO_FAULTS
  /** Bytes on their way, in order. */
  #late: { readonly chunk: Buffer; readonly dueAt: number }[] = []
  #timer: NodeJS.Timeout | undefined
  #lastDue = 0
  #ended = false

  constructor(ends: { from: Socket; to: Socket }, random: Random, onBytes: (count: number) => void) {
    this.#from = ends.from
    this.#to = ends.to
    this.#random = random
    this.#onBytes = onBytes
    this.#from.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#from.on('end', () => {
      this.#ended = true
      if (this.#late.length === 0) this.#to.end()
    })
    this.#to.on('drain', () => this.#throttle())
  }

  set(faults: FlowFaults): void {
    this.#faults = faults
    this.#throttle()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#late = []
  }

  #take(chunk: Buffer): void {
    this.#onBytes(chunk.length)
    const { delayMs, jitterMs } = this.#faults
    if (delayMs + jitterMs === 0 && this.#late.length === 0) this.#write(chunk)
    else {
      const dueAt = Math.max(this.#lastDue, performance.now() + delayMs + this.#random.next() * jitterMs)
      this.#lastDue = dueAt
      this.#late.push({ chunk, dueAt })
      this.#arm()
    }
    this.#throttle()
  }

  #arm(): void {
    const [first] = this.#late
    if (first === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        const now = performance.now()
        while (this.#late[0] !== undefined && this.#late[0].dueAt <= now + 0.5) {
          this.#write((this.#late.shift() as { chunk: Buffer }).chunk)
        }
        if (this.#ended && this.#late.length === 0) this.#to.end()
        this.#arm()
      },
      Math.max(0, first.dueAt - performance.now()),
    )
  }

  #write(chunk: Buffer): void {
    if (this.#to.destroyed) return
    const { sliceBytes } = this.#faults
    if (sliceBytes === 0) {
      this.#to.write(chunk)
      return
    }
    for (let at = 0; at < chunk.length; ) {
      const end = at + this.#random.whole(1, sliceBytes)
      this.#to.write(chunk.subarray(at, end))
      at = end
    }
  }

  #throttle(): void {
    // In a hole the bytes stay with the kernel: as with a dead link, the sender hears nothing, not even that it failed.
    if (this.#faults.hole || this.#to.writableLength > HIGH_WATER) this.#from.pause()
    else this.#from.resume()
  }
}
