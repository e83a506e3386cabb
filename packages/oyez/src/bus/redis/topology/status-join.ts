import type { BusStatus } from '../../bus.ts'
import { BusError } from '../../bus-error.ts'

/** Makes one status of those of several Redis: `up` when all that matter are, `down` naming what is missing. */
export class StatusJoin {
  readonly #tell: (status: BusStatus) => void
  readonly #missing = new Map<object, Error>()
  #state: 'quiet' | 'up' | 'down' = 'quiet'

  constructor(tell: (status: BusStatus) => void) {
    this.#tell = tell
  }

  /** From now on changes are told; `up` at once if nothing is missing. */
  announce(): void {
    if (this.#state !== 'quiet') return
    this.#state = 'down'
    this.#settle()
  }

  missing(member: object, error: Error): void {
    this.#missing.set(member, error)
    this.#settle()
  }

  /** The member works, or does not matter any more. */
  present(member: object): void {
    if (this.#missing.delete(member)) this.#settle()
  }

  isMissing(member: object): boolean {
    return this.#missing.has(member)
  }

  gap(channels: readonly string[] | undefined): void {
    if (this.#state !== 'quiet' && channels?.length !== 0) this.#tell({ state: 'gap', channels })
  }

  #settle(): void {
    if (this.#missing.size === 0 && this.#state === 'down') {
      this.#state = 'up'
      this.#tell({ state: 'up' })
    } else if (this.#missing.size > 0 && this.#state === 'up') {
      this.#state = 'down'
      this.#tell({ state: 'down', error: this.#error() })
    }
  }

  #error(): Error {
    const [first, ...others] = this.#missing.values()
    if (first !== undefined && others.length === 0) return first
    const texts = [first, ...others].map((error) => error?.message ?? '')
    return new BusError('unavailable', texts.join('; '), { cause: first })
  }
}
