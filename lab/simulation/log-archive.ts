import { entriesAbove, type Entry, epochOf, type Fork, type LogState, topOf } from './log-state.ts'

/** The history of a channel under one epoch, as far as it came. */
export interface EpochHistory {
  readonly epoch: string
  readonly incarnation: string
  readonly forks: readonly Fork[]
  readonly beganAt: number
  tip: Entry | undefined
}

/** Everything that ever stood in a log of this world: what the checker compares with. */
export class LogArchive {
  readonly #now: () => number
  readonly #epochHistories = new Map<string, EpochHistory>()
  readonly #trimmed = new Map<string, number>()
  #names = 0
  /** Times at which a log lost something that had been stored: records by a failover or restart, or all of it. */
  readonly losses: { readonly at: number; readonly isDestruction: boolean }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  freshName(kind: string): string {
    return `${kind}${++this.#names}`
  }

  note(channel: string, log: LogState): void {
    const epoch = epochOf(log)
    const key = `${channel} ${epoch}`
    const epochHistory = this.#epochHistories.get(key)
    if (epochHistory === undefined) {
      const { incarnation, forks, tip } = log
      this.#epochHistories.set(key, { epoch, incarnation, forks, beganAt: this.#now(), tip })
    } else if (topOf(log) > topOf(epochHistory)) epochHistory.tip = log.tip
    const life = `${channel} ${log.incarnation}`
    this.#trimmed.set(life, Math.max(this.#trimmed.get(life) ?? 0, log.trimmed))
  }

  loss(isDestruction: boolean): void {
    this.losses.push({ at: this.#now(), isDestruction })
  }

  epochHistory(channel: string, epoch: string): EpochHistory | undefined {
    return this.#epochHistories.get(`${channel} ${epoch}`)
  }

  epochHistories(channel: string): EpochHistory[] {
    return [...this.#epochHistories]
      .filter(([key]) => key.startsWith(`${channel} `))
      .map(([, epochHistory]) => epochHistory)
  }

  /** The highest offset up to which an incarnation's records were dropped. */
  trimmed(channel: string, epoch: string): number {
    return this.#trimmed.get(`${channel} ${epoch.split('.')[0] ?? ''}`) ?? 0
  }

  /** The record at an offset of the history under an epoch. */
  entry(channel: string, epoch: string, offset: number): Entry | undefined {
    const [entry] = entriesAbove(this.epochHistory(channel, epoch)?.tip, offset - 1)
    return entry?.offset === offset ? entry : undefined
  }
}
