import { SentinelTrio } from '../orchestra/sentinel-trio.ts'
import type { Stage } from '../orchestra/stage.ts'
import { pause } from '../orchestra/until.ts'
import type { Fault } from './fault.ts'

function trio(stage: Stage): SentinelTrio {
  if (stage.store instanceof SentinelTrio) return stage.store
  throw new Error('this fault needs sentinels')
}

/** From the moment that the sentinels name another master until every publisher gets through. */
async function afterSwitch(stage: Stage, from: number): Promise<Record<string, number>> {
  const switchedAt = await trio(stage).switched(from)
  await stage.flow()
  return { publishingAgainMs: Date.now() - switchedAt }
}

export const sentinelFaults: Readonly<Record<string, Fault>> = {
  /** The master dies. What it had acknowledged and not yet sent to a replica is gone: normally nothing. */
  'kill-master': async (stage, step) => {
    const store = trio(stage)
    await store.whole()
    const master = await store.master()
    await store.at(master).kill()
    const figures = await afterSwitch(stage, master)
    await pause(step.ms ?? 0)
    await store.rejoin(master)
    return { effects: ['fork'], counts: { sentinelFailovers: 1 }, figures }
  },

  /** The replicas lag behind, then the master dies: acknowledged writes are gone for certain. */
  'kill-master-lossy': async (stage, step) => {
    const store = trio(stage)
    await store.whole()
    const master = await store.master()
    // They look for a master that is not there; stopping them would not do, since what they were sent waits in their sockets.
    for (const replica of store.replicasOf(master)) await replica.command('REPLICAOF', '127.0.0.1', '1')
    await pause(step.ms ?? 500)
    await store.at(master).kill()
    const figures = await afterSwitch(stage, master)
    await store.rejoin(master)
    return { effects: ['fork'], counts: { sentinelFailovers: 1, lossyFailovers: 1 }, figures }
  },

  /** A failover by order: the old master lives on as a replica, with everybody's connections to it. */
  'order-failover': async (stage) => {
    const store = trio(stage)
    await store.whole()
    const master = await store.master()
    await store.failover()
    const figures = await afterSwitch(stage, master)
    return { effects: ['fork'], counts: { sentinelFailovers: 1 }, figures }
  },
}
