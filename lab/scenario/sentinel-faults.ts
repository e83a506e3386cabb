import { SentinelTrio } from '../runner/sentinel-trio.ts'
import type { Deployment } from '../runner/deployment.ts'
import { pause } from '../runner/until.ts'
import type { Fault } from './fault.ts'

function trio(deployment: Deployment): SentinelTrio {
  if (deployment.store instanceof SentinelTrio) return deployment.store
  throw new Error('this fault needs sentinels')
}

/** From the moment that the sentinels name another master until every publisher gets through. */
async function afterSwitch(deployment: Deployment, from: number): Promise<Record<string, number>> {
  const switchedAt = await trio(deployment).switched(from)
  await deployment.flow()
  return { publishingAgainMs: Date.now() - switchedAt }
}

export const sentinelFaults: Readonly<Record<string, Fault>> = {
  /** The master dies. What it had acknowledged and not yet sent to a replica is gone: normally nothing. */
  'kill-master': async (deployment, step) => {
    const store = trio(deployment)
    await store.whole()
    const master = await store.master()
    await store.at(master).kill()
    const figures = await afterSwitch(deployment, master)
    await pause(step.ms ?? 0)
    await store.rejoin(master)
    return { effects: ['fork'], counts: { sentinelFailovers: 1 }, figures }
  },

  /** The replicas lag behind, then the master dies: acknowledged writes are gone for certain. */
  'kill-master-lossy': async (deployment, step) => {
    const store = trio(deployment)
    await store.whole()
    const master = await store.master()
    // They look for a master that is not there; stopping them would not do, since what they were sent waits in their sockets.
    for (const replica of store.replicasOf(master)) await replica.command('REPLICAOF', '127.0.0.1', '1')
    await pause(step.ms ?? 500)
    await store.at(master).kill()
    const figures = await afterSwitch(deployment, master)
    await store.rejoin(master)
    return { effects: ['fork'], counts: { sentinelFailovers: 1, lossyFailovers: 1 }, figures }
  },

  /** A failover by order: the old master lives on as a replica, with everybody's connections to it. */
  'order-failover': async (deployment) => {
    const store = trio(deployment)
    await store.whole()
    const master = await store.master()
    await store.failover()
    const figures = await afterSwitch(deployment, master)
    return { effects: ['fork'], counts: { sentinelFailovers: 1 }, figures }
  },
}
