import { clientFaults } from './client-faults.ts'
import { clusterFaults } from './cluster-faults.ts'
import type { Fault } from './fault.ts'
import { nodeFaults } from './node-faults.ts'
import { redisFaults } from './redis-faults.ts'
import { sentinelFaults } from './sentinel-faults.ts'

/** Every fault by its name in a plan. */
export const faults: Readonly<Record<string, Fault>> = {
  ...nodeFaults,
  ...clientFaults,
  ...redisFaults,
  ...sentinelFaults,
  ...clusterFaults,
}
