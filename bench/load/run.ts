import { ageUs, quantile } from './latency.ts'
import type { Outcome, Pace } from './order.ts'

/** Publications that may be under way at most; a power of two, so that the index is a mask. */
const RING = 4_096
const MAX_SAMPLES = 400_000
/** How long a delivery may take before the run is called broken. */
const PATIENCE_MS = 30_000

export interface RunOptions {
  readonly pace: Pace
  /** Deliveries that make a publication complete: the number of subscribers, or 1. */
  readonly recipients: number
  /** Whether everybody receives everything: then a client's own count says which publication a frame is. Otherwise only the sum is looked at. */
  readonly sameForAll: boolean
  /** Sends so many publications now. */
  publish(count: number): void
}

/** One stretch of publishing: keeps the pace, counts what arrives, and knows when everything has arrived. */
export class Run {
  readonly #options: RunOptions
  /** How many subscribers have received the n-th publication; a subscriber's own count says which n a frame is. */
  readonly #arrived = new Uint32Array(RING)
  #published = 0
  #completed = 0
  #delivered = 0
  #latencies: number[] = []
  #stopping = false
  #timer: NodeJS.Timeout | undefined
  #failure: Error | undefined
  #onEnd: (() => void) | undefined

  constructor(options: RunOptions) {
    this.#options = options
    const { pace } = options
    if (pace.kind === 'window') {
      if (pace.size > RING) throw new RangeError(`a window is at most ${RING}`)
      this.advance()
    } else this.#publishByClock(pace.perSecond)
  }

  get delivered(): number {
    return this.#delivered
  }

  /** The `index`-th publication reached one more subscriber. */
  onDelivery(index: number): void {
    this.#delivered++
    if (!this.#options.sameForAll) {
      this.#completed = Math.floor(this.#delivered / this.#options.recipients)
      return
    }
    const slot = index & (RING - 1)
    const arrived = (this.#arrived[slot] as number) + 1
    if (arrived < this.#options.recipients) this.#arrived[slot] = arrived
    else {
      this.#arrived[slot] = 0
      this.#completed++
    }
  }

  /** Looks at the age of a delivery. */
  takeLatency(bytes: Buffer, start: number): void {
    const age = ageUs(bytes, start)
    if (age !== undefined && this.#latencies.length < MAX_SAMPLES) this.#latencies.push(age)
  }

  /** Publishes as much as the window allows. */
  advance(): void {
    const { pace } = this.#options
    if (!this.#stopping && pace.kind === 'window') this.#publish(pace.size - (this.#published - this.#completed))
    if (this.#stopping && this.#delivered >= this.#expected) this.#onEnd?.()
  }

  /** Half and 99 in 100 of the ages taken since the last call were below these, milliseconds. */
  latencies(): { readonly p50Ms: number; readonly p99Ms: number } {
    const taken = this.#latencies
    this.#latencies = []
    return { p50Ms: quantile(taken, 0.5) / 1_000, p99Ms: quantile(taken, 0.99) / 1_000 }
  }

  fail(error: Error): void {
    this.#failure ??= error
    this.#onEnd?.()
  }

  async stop(): Promise<Outcome> {
    this.#stopping = true
    clearInterval(this.#timer)
    if (this.#failure === undefined && this.#delivered < this.#expected) {
      await new Promise<void>((resolve) => {
        const patience = setTimeout(resolve, PATIENCE_MS)
        this.#onEnd = () => {
          clearTimeout(patience)
          resolve()
        }
      })
    }
    if (this.#failure !== undefined) throw this.#failure
    return { published: this.#published, expected: this.#expected, delivered: this.#delivered }
  }

  get #expected(): number {
    return this.#published * this.#options.recipients
  }

  #publish(count: number): void {
    if (count <= 0) return
    this.#published += count
    this.#options.publish(count)
  }

  #publishByClock(perSecond: number): void {
    const began = performance.now()
    // The clock decides how many are due, so that a late timer does not slow the rate.
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) / 1_000) * perSecond)
      this.#publish(due - this.#published)
    }, 1_000 / perSecond)
  }
}
