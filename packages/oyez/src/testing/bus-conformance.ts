import type { BusCheck } from './bus-check.ts'
import { hintChecks } from './bus-hint-checks.ts'
import { lifeChecks } from './bus-life-checks.ts'
import { logChecks } from './bus-log-checks.ts'
import { producerChecks } from './bus-producer-checks.ts'
import { promiseChecks } from './bus-promise-checks.ts'
import { retentionChecks } from './bus-retention-checks.ts'
import { verdictChecks } from './bus-verdict-checks.ts'

/**
 * Everything that the `Bus` contract promises, as checks that any test runner can run:
 *
 * ```ts
 * for (const check of busChecks) it(check.name, () => check.run(() => ({ connect: () => new MyBus(url) })))
 * ```
 *
 * A check makes its own world, uses channel names that nobody else uses, and closes every bus it connected.
 */
export const busChecks: readonly BusCheck[] = [
  ...hintChecks,
  ...logChecks,
  ...retentionChecks,
  ...verdictChecks,
  ...producerChecks,
  ...promiseChecks,
  ...lifeChecks,
]
