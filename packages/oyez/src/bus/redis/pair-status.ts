import type { BusStatus } from '../bus.ts'

/** Hints that are gone for longer than this are an outage; a shorter absence is a gap. */
const HINTS_GRACE_MS = 3_000

/**
 * What a pair of connections says of itself, as the bus contract has it: `up` at the start and after every `down`; `down` again when the reason of the
 * outage changes; `gap` once all is live again and something may have been missed.
 */
export class PairStatus {
  readonly #tell: (status: BusStatus) => void
  #state: 'idle' | 'starting' | 'up' | 'down' | 'closed' = 'idle'
  /** Hints may have been lost since the last time that `gap` was said. */
  #gapDue = false
  /** Something was lost, and is not all back yet. */
  #outage = false
  /** Why the connection for commands does not work at present. The reason of the hints connection counts only while this one works. */
  #commandsError: Error | undefined
  /** The message of the last `down` of this outage. */
  #told: string | undefined
  #graceTimer: NodeJS.Timeout | undefined
  #reconnects = 0
  #hintsError: Error | undefined

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

  /** The hints connection was lost, or an attempt to make it failed. */
  hintsLost(error: Error): void {
    this.#gapDue = true
    this.#outage = true
    this.#hintsError = error
    if (this.#state === 'up') this.#graceTimer ??= setTimeout(() => this.#goDown(), HINTS_GRACE_MS)
    else this.#goDown()
  }

  hintsBack(): void {
    clearTimeout(this.#graceTimer)
    this.#graceTimer = undefined
    this.#hintsError = undefined
  }

  /** Calls cannot be made: the connection for commands was lost, an attempt to make it failed, or its node of a Cluster takes nothing. */
  lost(error: Error): void {
    this.#outage = true
    this.#commandsError = error
    this.#goDown()
  }

  /** The connection for commands works again. */
  commandsBack(): void {
    this.#commandsError = undefined
  }

  /** Everything works. */
  live(): void {
    if (this.#state !== 'up' && this.#state !== 'down') return
    if (this.#outage) this.#reconnects++
    this.#outage = false
    this.#commandsError = undefined
    this.#told = undefined
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

  /** Says `down` with the present reason, unless that was said last. */
  #goDown(): void {
    const error = this.#commandsError ?? this.#hintsError
    if (error === undefined || (this.#state !== 'up' && this.#state !== 'down')) return
    clearTimeout(this.#graceTimer)
    this.#graceTimer = undefined
    this.#state = 'down'
    if (error.message === this.#told) return
    this.#told = error.message
    this.#tell({ state: 'down', error })
  }
}
