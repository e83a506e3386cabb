import type { BusStatus } from '../bus/bus.ts'
import { BusError } from '../bus/bus-error.ts'

/** `refusing`: the bus works, but its broker refuses to store what is published. */
export type BusState = 'starting' | 'up' | 'refusing' | 'down' | 'closed'

/** What the bus said last about itself. */
export class BusCondition {
  #state: BusState = 'starting'
  #error: Error | undefined

  get state(): BusState {
    return this.#state
  }

  /** Whether hints arrive and the log can be read. */
  get isThere(): boolean {
    return this.#state === 'up' || this.#state === 'refusing'
  }

  /** The state, and why the bus is down or refusing, as `BusError.reason` has it. */
  get stats(): { readonly bus: BusState; readonly busReason: string | undefined } {
    return { bus: this.#state, busReason: this.#error instanceof BusError ? this.#error.reason : undefined }
  }

  /** Keeps what the bus says; a gap changes nothing. @returns what listeners of the hub are told */
  hear(status: BusStatus): { readonly state: BusStatus['state']; readonly error: Error | undefined } {
    const error = 'error' in status ? status.error : undefined
    if (status.state !== 'gap') {
      this.#state = status.state
      this.#error = error
    }
    return { state: status.state, error }
  }

  close(): void {
    this.#state = 'closed'
    this.#error = undefined
  }
}
