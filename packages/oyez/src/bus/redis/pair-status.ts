import type { BusStatus } from '../bus.ts'

/** Hints that are gone for longer than this are an outage; a shorter absence is a gap. */
const HINTS_GRACE_MS = 3_000

/**
 * What a pair of connections says of itself, as the bus contract has it: `up` at the start and after every `down`; `gap` once all is live again and
 * something may have been missed.
 */
export class PairStatus {
  readonly #tell: (status: BusStatus) => void
  #state: 'idle' | 'starting' | 'up' | 'down' | 'closed' = 'idle'
  /** Hints may have been lost since the last time that `gap` was said. */
  #gapDue = false
  /** Something was lost, and is not all back yet. */
  #outage = false
  #graceTimer: NodeJS.Timeout | undefined
  #reconnects = 0

  constructor(tell: (status: BusStatus) => void) {
    this.#tell = tell
  }

  get state(): 'idle' | 'starting' | 'up' | 'down' | 'closed' {
    return this.#state
  }

  /** Times that something was lost and all was found again. */
  get reconnects(): number {
    return this.#reconnects
  }

  /** The first connections are being made; nothing is said yet. */
  start(): void {
    this.#state = 'starting'
  }

  /** From now on whatever happens is said. An outage since {@link start} is told like any other. */
  announce(): void {
    if (this.#state === 'starting') this.#state = 'down'
  }

  /** Down until the first connections are made, and then with a gap: it was not there from the beginning. */
  begin(): void {
    this.#state = 'down'
    this.#gapDue = true
  }

  /** Something may have been missed. */
  mayHaveMissed(): void {
    this.#gapDue = true
  }

  hintsLost(down: () => Error): void {
    this.#gapDue = true
    this.#outage = true
    if (this.#state === 'up') this.#graceTimer ??= setTimeout(() => this.lost(down()), HINTS_GRACE_MS)
  }

  hintsBack(): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = undefined
  }

  /** Nothing works. */
  lost(error: Error): void {
    this.hintsBack()
    this.#outage = true
    if (this.#state !== 'up') return
    this.#state = 'down'
    this.#tell({ state: 'down', error })
  }

  /** Everything works. */
  live(): void {
    if (this.#state !== 'up' && this.#state !== 'down') return
    if (this.#outage) this.#reconnects++
    this.#outage = false
    if (this.#state === 'down') {
      this.#state = 'up'
      this.#tell({ state: 'up' })
    }
    if (this.#gapDue) {
      this.#gapDue = false
      this.#tell({ state: 'gap' })
    }
  }

  close(): void {
    this.#state = 'closed'
    this.hintsBack()
  }
}
