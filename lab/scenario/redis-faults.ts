import { performance } from 'node:perf_hooks'
import { LogReader } from '../redis/log-reader.ts'
import type { Deployment } from '../runner/deployment.ts'
import { pause, until } from '../runner/until.ts'
import { type Fault, single } from './fault.ts'

/** A node must have noticed a dead Redis before a freeze of this length ends. */
const LONG_MS = 6_000

export const redisFaults: Readonly<Record<string, Fault>> = {
  /** A power cut; what was on disk comes back. */
  'restart-redis': async (deployment, step) => {
    const { redis } = single(deployment)
    await redis.kill()
    await pause(step.ms ?? 0)
    await redis.start()
    return { counts: { redisRestarts: 1 }, figures: { flowMs: await deployment.flow() } }
  },

  /** A power cut; what comes back is a snapshot from some moments ago. Some clients are away meanwhile, and come back when all goes on. */
  'restart-redis-old': async (deployment, step) => {
    const { redis } = single(deployment)
    await redis.snapshot()
    await pause(step.ms ?? 1_000)
    const proxy = deployment.proxies[(step.node ?? 0) % deployment.proxies.length]
    await proxy?.refuse()
    proxy?.reset(step.share ?? 0.5)
    await redis.kill()
    await redis.restoreSnapshot()
    await redis.start()
    const flowMs = await deployment.flow()
    await proxy?.heal()
    await deployment.assembled()
    return { effects: ['fork'], counts: { redisRestarts: 1, redisRollbacks: 1 }, figures: { flowMs } }
  },

  /** A power cut; nothing comes back. */
  'restart-redis-empty': async (deployment, step) => {
    const { redis } = single(deployment)
    await redis.kill()
    await redis.wipe()
    await pause(step.ms ?? 0)
    await redis.start()
    const happenedAt = Date.now()
    const flowMs = await deployment.flow()
    return { effects: ['new-log'], happenedAt, counts: { redisRestarts: 1, emptyStarts: 1 }, figures: { flowMs } }
  },

  /** Redis answers nobody, and its connections stay open. */
  'freeze-redis': async (deployment, step) => {
    const { redis } = single(deployment)
    const ms = step.ms ?? 3_000
    redis.freeze()
    const unready =
      ms >= LONG_MS
        ? await unreadyWithin(
            deployment,
            ms,
            deployment.nodes.map((_, index) => index),
          )
        : {}
    await pause(Math.max(0, ms - (unready.unreadyMs ?? 0)))
    redis.thaw()
    return { counts: { redisFreezes: 1 }, figures: { ...unready, flowMs: await deployment.flow() } }
  },

  'flush-all': async (deployment) => {
    await single(deployment).redis.command('FLUSHALL')
    return { effects: ['new-log'], counts: { flushes: 1 }, figures: { flowMs: await deployment.flow() } }
  },

  'delete-meta': (deployment, step) => deleteKey(deployment, { which: 'meta', number: step.channel ?? 0 }),

  'delete-stream': (deployment, step) => deleteKey(deployment, { which: 'log', number: step.channel ?? 0 }),

  /** Every connection that hears hints is cut. */
  'kill-hints': async (deployment, step) => {
    let killed = 0
    for (let time = 0; time < (step.times ?? 1); time++) {
      killed += Number(await single(deployment).redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'))
      await pause(step.ms ?? 1_000)
    }
    return { counts: { hintKills: killed } }
  },

  /** Nothing gets through between a node and Redis, in one direction or both, and no socket says so. */
  'half-open': async (deployment, step) => {
    const index = (step.node ?? 0) % deployment.nodes.length
    const proxy = single(deployment).proxies[index]
    const directions =
      step.direction === 'up' || step.direction === 'down' ? [step.direction] : (['up', 'down'] as const)
    const ms = step.ms ?? 8_000
    proxy?.set({ hole: true }, directions)
    const unready = ms >= LONG_MS ? await unreadyWithin(deployment, ms, [index]) : {}
    await pause(Math.max(0, ms - (unready.unreadyMs ?? 0)))
    await proxy?.heal()
    await until('the node is ready again', () => deployment.node(step).ready(), 15_000)
    return { counts: { partitions: 1 }, figures: { ...unready, flowMs: await deployment.flow() } }
  },

  /** Redis is far away, and its bytes come in pieces. */
  'slow-redis': async (deployment, step) => {
    for (const proxy of single(deployment).proxies) proxy.set({ delayMs: 40, jitterMs: 40, sliceBytes: 3 })
    await pause(step.ms ?? 3_000)
    for (const proxy of single(deployment).proxies) await proxy.heal()
    return { counts: { slowLinks: 1 } }
  },

  /** Both connections of every node to Redis are reset. */
  'cut-redis': async (deployment, step) => {
    for (const proxy of single(deployment).proxies) proxy.reset(step.share ?? 1)
    return { counts: { redisCuts: 1 }, figures: { flowMs: await deployment.flow() } }
  },
}

/** When the last of the nodes said that it is not ready. A node that never does is a complaint by its time. */
async function unreadyWithin(
  deployment: Deployment,
  ms: number,
  nodes: readonly number[],
): Promise<{ unreadyMs?: number }> {
  const started = performance.now()
  const seen = new Set<number>()
  while (seen.size < nodes.length && performance.now() - started < ms) {
    for (const node of nodes) if (!seen.has(node) && !(await deployment.node({ node }).ready())) seen.add(node)
    await pause(20)
  }
  return { unreadyMs: Math.round(performance.now() - started) }
}

async function deleteKey(deployment: Deployment, target: { which: 'meta' | 'log'; number: number }): ReturnType<Fault> {
  const channel = deployment.channels[target.number % deployment.channels.length] as string
  const reader = await LogReader.open(await deployment.store.masters())
  try {
    const keys = await reader.keys(channel)
    // A log that was deleted before may be empty still, or nobody has made it anew.
    const deleted = await keys?.client.call('DEL', keys[target.which])
    if (deleted !== 1) return {}
  } finally {
    reader.close()
  }
  return {
    effects: ['new-log'],
    channels: [channel],
    counts: { keysDeleted: 1 },
    figures: { flowMs: await deployment.flow() },
  }
}
