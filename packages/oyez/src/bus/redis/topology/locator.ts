import type { Endpoint } from '../options.ts'

/** Knows where the master of one Redis is. */
export interface Locator {
  /** Finds the master. Asked anew for every connection; rejects when nobody can say. */
  locate(): Promise<Endpoint>
  /** Whether those who decide say now that this is the master; `false` also when too few of them can be asked. */
  confirms(endpoint: Endpoint): Promise<boolean>
  /** Calls `moved` from now on when the master has become another one. Runs until {@link close}. */
  watch(moved: () => void): void
  close(): void
}

/** A Redis that is where it is. */
export class FixedLocator implements Locator {
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  async locate(): Promise<Endpoint> {
    return this.#endpoint
  }

  async confirms(): Promise<boolean> {
    return true
  }

  watch(): void {
    // Nothing changes.
  }

  close(): void {
    // Nothing was opened.
  }
}
