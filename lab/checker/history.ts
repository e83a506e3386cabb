import type { LogRecord, LogState } from '../redis/log-reader.ts'
import type { EpochParts } from './epoch.ts'
import type { Ids } from './publications.ts'

/** One channel's surviving log. */
export interface FinalLog {
  readonly state: LogState
  readonly records: readonly LogRecord[]
}

/** The history of the store: the logs that are left, and what was seen of earlier ones. */
export class History {
  readonly #logs = new Map<string, FinalLog>()
  readonly #records = new Map<string, Map<number, number>>()
  readonly #ends = new Map<string, number>()
  readonly #incarnations = new Map<string, Set<string>>()

  /** @param seen - States of logs during the run. */
  constructor(logs: readonly FinalLog[], seen: readonly LogState[], ids: Ids) {
    for (const log of logs) {
      const { channel } = log.state
      this.#logs.set(channel, log)
      this.#records.set(
        channel,
        new Map(log.records.map(({ offset, publisher, n }) => [offset, ids.of(channel, publisher, n)])),
      )
    }
    for (const { channel, incarnation, forks } of [...seen, ...logs.map(({ state }) => state)]) {
      if (incarnation === '') continue
      const known = this.#incarnations.get(channel) ?? new Set<string>()
      this.#incarnations.set(channel, known.add(incarnation))
      for (const { term, top } of forks) this.#ends.set(`${channel} ${incarnation} ${term}`, top)
    }
  }

  get channels(): readonly string[] {
    return [...this.#logs.keys()]
  }

  log(channel: string): FinalLog | undefined {
    return this.#logs.get(channel)
  }

  /** What the surviving log holds there. */
  at(channel: string, offset: number): number | undefined {
    return this.#records.get(channel)?.get(offset)
  }

  /** Oldest offset that is left. */
  first(channel: string): number {
    return this.#logs.get(channel)?.records[0]?.offset ?? Number.POSITIVE_INFINITY
  }

  isFinal(channel: string, incarnation: string): boolean {
    return this.#logs.get(channel)?.state.incarnation === incarnation
  }

  /** The last offset that a term has in the history that went on after it: infinite for the present one, `undefined` when nobody knows. */
  end(channel: string, { incarnation, term }: EpochParts): number | undefined {
    const state = this.#logs.get(channel)?.state
    if (state?.incarnation === incarnation && state.term === term) return Number.POSITIVE_INFINITY
    return this.#ends.get(`${channel} ${incarnation} ${term}`)
  }

  incarnations(channel: string): number {
    return this.#incarnations.get(channel)?.size ?? 0
  }
}
