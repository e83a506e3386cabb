import type { Outcome } from '../runner/event-log.ts'
import type { Deployment } from '../runner/deployment.ts'
import type { Step } from '../runner/step.ts'
import { SingleRedis } from '../runner/store.ts'

/** Does one thing to a deployment and waits until that is over. */
export type Fault = (deployment: Deployment, step: Step) => Promise<Outcome>

/** The one Redis of a deployment. @throws {Error} when the scenario has another store. */
export function single(deployment: Deployment): SingleRedis {
  if (deployment.store instanceof SingleRedis) return deployment.store
  throw new Error('this fault needs one Redis')
}
