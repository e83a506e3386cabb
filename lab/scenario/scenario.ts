import type { Effect } from '../runner/event-log.ts'
import type { Setup } from '../runner/setup.ts'
import type { Step } from '../runner/step.ts'
import type { Random } from '../random.ts'

/** A named way to make things go wrong. */
export interface Scenario {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  /** What differs from the usual deployment. */
  readonly setup?: Partial<Setup>
  /** Reasons of breaks that may occur; the checker confirms each. Nothing else may break. */
  readonly allows?: readonly Effect[]
  /** The next fault. The same numbers give the same plan. */
  plan(random: Random, round: number): Step
  /** The plan ends after so many rounds. @default never */
  readonly rounds?: number
  /** The load goes on without faults until so many deliveries were made. @default 0 */
  readonly deliveries?: number
  /** Pause between two faults, in milliseconds. @default 500 */
  readonly restMs?: number
  /** A fault that strikes at the moment of the last words, which every subscriber must hear all the same. */
  readonly last?: Step
  /** No client may see its connection end without a close code. */
  readonly noAbruptEnd?: boolean
}
