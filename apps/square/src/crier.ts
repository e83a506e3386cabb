import type { Cry } from './payload.ts'

/** Calls in a run, and the time between two of them. */
const CALLS = 200
const EVERY_MS = 45

/** What the crier needs from the page. */
export interface CrierHost {
  /** Publishes one call; resolves with its place in the log, `undefined` when it was refused. */
  readonly cry: (cry: Cry) => Promise<number | undefined>
  readonly progress: (counts: { readonly cried: number; readonly stored: number; readonly refused: number }) => void
  readonly done: () => void
}

/** Publishes a run of numbered calls, a few a second, whatever happens to the connection meanwhile. */
export class Crier {
  readonly #host: CrierHost
  #isBusy = false

  constructor(host: CrierHost) {
    this.#host = host
  }

  /** Begins a run; does nothing while one is under way. */
  begin(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    const run = Math.random().toString(36).slice(2)
    const counts = { cried: 0, stored: 0, refused: 0 }
    const started = performance.now()
    const settle = (offset: number | undefined): void => {
      if (offset === undefined) counts.refused += 1
      else counts.stored += 1
      this.#host.progress(counts)
      if (counts.stored + counts.refused < CALLS) return
      this.#isBusy = false
      this.#host.done()
    }
    const timer = setInterval(() => {
      // Browsers slow the timers of hidden pages down to one a second: then several calls are due at once.
      const due = Math.min(CALLS, Math.ceil((performance.now() - started) / EVERY_MS))
      while (counts.cried < due) {
        counts.cried += 1
        void this.#host.cry({ run, number: counts.cried, of: CALLS }).then(settle)
      }
      this.#host.progress(counts)
      if (counts.cried === CALLS) clearInterval(timer)
    }, EVERY_MS)
  }
}
