import type { BusStatus } from '../../bus.ts'
import { joinedErrors } from '../../bus-error.ts'

/** Makes one status of those of several Redis: `up` when all of them work, `down` with an error that names each one that does not. */
export class StatusJoin {
  readonly #tell: (status: BusStatus) => void
  readonly #missing = new Map<object, Error>()
  #state: 'quiet' | 'up' | 'down' = 'quiet'
  /** The message of the last `down` of this outage. */
  #told: string | undefined

  constructor(tell: (status: BusStatus) => void) {
    this.#tell = tell
  }

  /** From now on changes are told; `up` at once if nothing is missing. */
  announce(): void {
    if (this.#state !== 'quiet') return
    this.#state = 'down'
    this.#settle()
  }

  /** The member does not work, for this reason; called again when the reason changes. */
  missing(member: object, error: Error): void {
    this.#missing.set(member, error)
    if (this.#state === 'quiet') return
    this.#state = 'down'
    this.#tellDown()
  }

  /** The member works, or is no longer needed. */
  present(member: object): void {
    if (!this.#missing.delete(member)) return
    if (this.#missing.size === 0) this.#settle()
    else if (this.#told !== undefined) this.#tellDown()
  }

  isMissing(member: object): boolean {
    return this.#missing.has(member)
  }

  gap(channels: readonly string[] | undefined): void {
    if (this.#state !== 'quiet' && channels?.length !== 0) this.#tell({ state: 'gap', channels })
  }

  #settle(): void {
    if (this.#missing.size > 0 || this.#state !== 'down') return
    this.#state = 'up'
    this.#told = undefined
    this.#tell({ state: 'up' })
  }

  #tellDown(): void {
    const error = joinedErrors([...this.#missing.values()])
    if (error.message === this.#told) return
    this.#told = error.message
    this.#tell({ state: 'down', error })
  }
}
