import { RedisCluster } from '../runner/redis-cluster.ts'
import type { Deployment } from '../runner/deployment.ts'
import { pause, until } from '../runner/until.ts'
import type { Fault } from './fault.ts'

function cluster(deployment: Deployment): RedisCluster {
  if (deployment.store instanceof RedisCluster) return deployment.store
  throw new Error('this fault needs a cluster')
}

export const clusterFaults: Readonly<Record<string, Fault>> = {
  /** A master dies and its replica takes over. */
  'kill-cluster-master': async (deployment, step) => {
    const store = cluster(deployment)
    const masters = await store.masters()
    const port = masters[(step.node ?? 0) % masters.length] ?? 0
    await store.at(port).kill()
    await until(
      'a replica takes over',
      async () => (await store.masters()).filter((one) => one !== port).length === 3,
      30_000,
    )
    const flowMs = await deployment.flow()
    await store.at(port).start()
    await store.whole()
    return { effects: ['fork'], counts: { clusterFailovers: 1 }, figures: { publishingAgainMs: flowMs } }
  },

  /** A replica takes over by order; the old master lives on. */
  'order-cluster-failover': async (deployment, step) => {
    const store = cluster(deployment)
    const members = await store.members()
    const replicas = members.filter(({ isMaster }) => !isMaster)
    const replica = replicas[(step.node ?? 0) % replicas.length]
    if (replica === undefined) throw new Error('there is no replica')
    await store.at(replica.port).command('CLUSTER', 'FAILOVER')
    await until('the replica is a master', async () => (await store.masters()).includes(replica.port), 20_000)
    const flowMs = await deployment.flow()
    await store.whole()
    return { effects: ['fork'], counts: { clusterFailovers: 1 }, figures: { publishingAgainMs: flowMs } }
  },

  /** Slots with the channels under load, and empty ones, go to other masters and back. */
  'move-slots': async (deployment, step) => {
    const store = cluster(deployment)
    const own = await store.slotsOf(deployment.channels)
    let moved = 0
    for (let time = 0; time < (step.times ?? 1); time++) {
      for (const slot of own) {
        const masters = await store.masters()
        if (await store.moveSlot(slot, masters[(slot + time + (step.node ?? 0)) % masters.length] ?? 0)) moved += 1
        await pause(step.ms ?? 20)
      }
    }
    return { counts: { slotsMoved: moved }, figures: { slotFlowMs: await deployment.flow() } }
  },
}
