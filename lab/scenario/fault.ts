import type { Outcome } from '../orchestra/chronicle.ts'
import type { Stage } from '../orchestra/stage.ts'
import type { Step } from '../orchestra/step.ts'
import { SingleRedis } from '../orchestra/store.ts'

/** Does one thing to a stage and waits until that is over. */
export type Fault = (stage: Stage, step: Step) => Promise<Outcome>

/** The one Redis of a stage. @throws {Error} when the scenario has another store. */
export function single(stage: Stage): SingleRedis {
  if (stage.store instanceof SingleRedis) return stage.store
  throw new Error('this fault needs one Redis')
}
