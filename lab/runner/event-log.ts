import { appendFileSync } from 'node:fs'
import type { LogState } from '../redis/log-reader.ts'
import type { Step } from './step.ts'

/** What a fault may do to logs. What is not said must not happen. */
export type Effect = 'new-log' | 'fork' | 'trimmed' | 'unknown'

/** What a fault did. */
export interface Outcome {
  readonly effects?: readonly Effect[]
  /** Which channels it may have struck. @default all */
  readonly channels?: readonly string[]
  /** The moment from which a loss can be noticed (ms since 1970). @default the beginning of the fault */
  readonly happenedAt?: number
  /** What is added up over the run, such as `nodeKills`. */
  readonly counts?: Readonly<Record<string, number>>
  /** Times in milliseconds that have a limit, such as `unreadyMs`. */
  readonly figures?: Readonly<Record<string, number>>
  /** Something that must not be. */
  readonly complaint?: string
}

/** A line of the runner's own journal. */
export type LabEvent =
  | {
      readonly kind: 'fault'
      readonly step: Step
      readonly from: number
      readonly to: number
      readonly outcome: Outcome
    }
  | { readonly kind: 'state'; readonly at: number; readonly state: LogState }
  | {
      readonly kind: 'phase'
      readonly at: number
      readonly phase: 'load' | 'settle' | 'last-words' | 'settled' | 'end'
    }
  | { readonly kind: 'complaint'; readonly at: number; readonly text: string }

/** What the runner did and saw, line by line. */
export class EventLog {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  write(line: LabEvent): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`)
  }

  phase(phase: Extract<LabEvent, { kind: 'phase' }>['phase']): void {
    this.write({ kind: 'phase', at: Date.now(), phase })
  }

  complain(text: string): void {
    this.write({ kind: 'complaint', at: Date.now(), text })
  }
}
