import { type BusError, joinedErrors } from '../bus-error.ts'
import { isWriteRefusal } from './redis-error-table.ts'

export interface WriteWatchOptions {
  /**
   * Tries whether every Redis takes writes; resolves with what went wrong, one error for each that does not. A thorough trial stores something, as an
   * append does; the other one stores nothing.
   */
  readonly trial: (isThorough: boolean) => Promise<readonly unknown[]>
  /** Writes are refused, for this reason; called again when the reason changes. */
  readonly onRefusing: (error: Error) => void
  /** Writes are taken again. */
  readonly onAccepting: () => void
}

const INTERVAL_MS = 1_000
/** A reason counts until it was not heard for so long: a Redis at the edge of its memory takes some writes and refuses others. */
const MEMORY_MS = 3_000

/**
 * Knows whether a Redis that can be reached takes writes: calls that are refused tell it, and once a second it tries by itself, so that a node without
 * traffic notices, too, and so that the end is noticed.
 */
export class WriteWatch {
  readonly #options: WriteWatchOptions
  /** By the reason's word. */
  readonly #refusals = new Map<string, { readonly error: BusError; readonly heardAt: number }>()
  #timer: NodeJS.Timeout | undefined
  #isTrying = false
  #told = ''

  constructor(options: WriteWatchOptions) {
    this.#options = options
  }

  /** Why writes are refused at present. */
  get refusal(): Error | undefined {
    return this.#refusals.size === 0 ? undefined : joinedErrors([...this.#refusals.values()].map(({ error }) => error))
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#try(), INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#refusals.clear()
  }

  /** A call was refused. */
  refused(error: BusError): void {
    if (this.#timer === undefined) return
    this.#refusals.set(error.reason ?? '', { error, heardAt: performance.now() })
    this.#tell()
  }

  async #try(): Promise<void> {
    if (this.#isTrying) return
    this.#isTrying = true
    try {
      const problems = await this.#options.trial(this.#refusals.size > 0)
      for (const problem of problems) if (isWriteRefusal(problem)) this.refused(problem)
      // One that cannot be reached says nothing about what it would refuse.
      if (problems.every((problem) => isWriteRefusal(problem))) this.#forget()
    } finally {
      this.#isTrying = false
    }
  }

  #forget(): void {
    for (const [word, { heardAt }] of this.#refusals) {
      if (performance.now() - heardAt >= MEMORY_MS) this.#refusals.delete(word)
    }
    if (this.#timer !== undefined) this.#tell()
  }

  #tell(): void {
    const words = [...this.#refusals.keys()].sort().join(', ')
    if (words === this.#told) return
    this.#told = words
    const error = this.refusal
    if (error === undefined) this.#options.onAccepting()
    else this.#options.onRefusing(error)
  }
}
