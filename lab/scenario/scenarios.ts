import type { Step } from '../runner/step.ts'
import type { Random } from '../random.ts'
import type { Scenario } from './scenario.ts'

const DIRECTIONS = ['up', 'down', 'both'] as const

/** Plans of single faults, each with numbers of its own. */
const plans = {
  killNode: (random: Random): Step => ({ fault: 'kill-node', node: random.whole(0, 9), ms: random.whole(0, 300) }),
  cut: (random: Random): Step => ({ fault: 'cut-clients', share: random.pick([0.3, 0.7, 1]), ms: 400, times: 5 }),
  drop: (random: Random): Step => ({ fault: 'drop-clients', share: random.pick([0.3, 0.7, 1]), ms: 400 }),
  cutBytes: (random: Random): Step => ({ fault: 'cut-after-bytes', ms: random.whole(1_000, 3_000) }),
  halfOpen: (random: Random): Step => ({
    fault: 'half-open',
    node: random.whole(0, 9),
    ms: random.whole(6_500, 9_000),
    direction: random.pick(DIRECTIONS),
  }),
  killHints: (): Step => ({ fault: 'kill-hints', times: 3, ms: 1_000 }),
  freezeNode: (random: Random): Step => ({
    fault: 'freeze-node',
    node: random.whole(0, 9),
    ms: random.whole(500, 6_000),
  }),
  cutRedis: (random: Random): Step => ({ fault: 'cut-redis', share: random.pick([0.5, 1]) }),
  slowClients: (random: Random): Step => ({ fault: 'slow-clients', ms: random.whole(2_000, 4_000) }),
  slowRedis: (random: Random): Step => ({ fault: 'slow-redis', ms: random.whole(2_000, 4_000) }),
  loseClients: (random: Random): Step => ({
    fault: 'lose-clients',
    node: random.whole(0, 9),
    ms: random.whole(2_000, 8_000),
  }),
  restart: (random: Random): Step => ({ fault: 'restart-redis', ms: random.whole(0, 1_500) }),
  freezeRedis: (random: Random): Step => ({ fault: 'freeze-redis', ms: random.pick([1_000, 3_000, 7_000]) }),
}

export const scenarios: readonly Scenario[] = [
  { name: 'node-kill', summary: 'one of three nodes after the other dies of SIGKILL', plan: plans.killNode },
  {
    name: 'client-cuts',
    summary: 'client connections are reset all the time, also in the middle of a frame',
    setup: { nodes: 2, subscribers: 40 },
    plan: (random, round) =>
      round % 5 === 4 ? plans.cutBytes(random) : random.chance(0.2) ? plans.drop(random) : plans.cut(random),
    restMs: 100,
  },
  {
    name: 'redis-restart-aof',
    summary: 'Redis is killed and comes back with everything, every write on disk',
    setup: { store: 'redis-aof', nodes: 2 },
    plan: plans.restart,
  },
  {
    name: 'redis-restart-old-rdb',
    summary: 'Redis is killed and comes back as it was some moments ago; some clients are away meanwhile',
    setup: { store: 'redis-rdb', nodes: 2 },
    allows: ['fork'],
    plan: (random) => ({
      fault: 'restart-redis-old',
      node: random.whole(0, 9),
      ms: random.whole(300, 2_000),
      share: random.pick([0.5, 1]),
    }),
    restMs: 1_500,
  },
  {
    name: 'redis-empty',
    summary: 'Redis is killed and comes back empty',
    setup: { nodes: 2 },
    allows: ['new-log'],
    plan: (random) => ({ fault: 'restart-redis-empty', ms: random.whole(0, 1_000) }),
    restMs: 6_500,
  },
  {
    name: 'redis-freeze',
    summary: 'Redis stands still (SIGSTOP) for 3 or 30 seconds and goes on',
    setup: { nodes: 2 },
    plan: (random, round) => ({ fault: 'freeze-redis', ms: round % 3 === 1 ? 30_000 : random.pick([3_000, 7_000]) }),
    restMs: 1_500,
  },
  {
    name: 'flushall',
    summary: 'somebody says FLUSHALL; idle channels are told within 6 s',
    setup: { nodes: 2 },
    allows: ['new-log'],
    plan: () => ({ fault: 'flush-all' }),
    restMs: 6_500,
  },
  {
    name: 'delete-meta',
    summary: "one of a channel's two keys is deleted: the metadata",
    setup: { nodes: 2 },
    allows: ['new-log'],
    plan: (random) => ({ fault: 'delete-meta', channel: random.whole(0, 99) }),
    restMs: 3_000,
  },
  {
    name: 'delete-stream',
    summary: "one of a channel's two keys is deleted: the stream",
    setup: { nodes: 2 },
    allows: ['new-log'],
    plan: (random) => ({ fault: 'delete-stream', channel: random.whole(0, 99) }),
    restMs: 3_000,
  },
  {
    name: 'pubsub-kill',
    summary: 'the connections that hear hints are cut every second, and once more with the last words',
    plan: plans.killHints,
    restMs: 0,
    last: { fault: 'kill-hints', times: 1, ms: 0 },
  },
  {
    name: 'slow-reader',
    summary: 'a third of the readers stops reading for so long that the history is trimmed',
    setup: { subscribers: 9, subscriberProcesses: 3, historySize: 500, payloadBytes: 10_000, perSecond: 50, still: 4 },
    allows: ['trimmed'],
    plan: (random) => ({ fault: 'stop-reading', ms: random.pick([3_000, 10_000, 18_000]) }),
    restMs: 2_000,
  },
  {
    name: 'half-open',
    summary: 'nothing gets through between a node and Redis, in one or both directions, and no socket says so',
    plan: plans.halfOpen,
    restMs: 1_000,
  },
  {
    name: 'slow-link',
    summary: 'bytes come late and one by one, between clients and nodes and between nodes and Redis',
    setup: { nodes: 2, subscribers: 8, perSecond: 5, still: 4 },
    plan: (random, round) => (round % 2 === 0 ? plans.slowClients(random) : plans.slowRedis(random)),
  },
  {
    name: 'proxy-reload-nginx',
    summary: 'nginx reloads under load and cuts its old connections',
    setup: { front: 'nginx' },
    plan: () => ({ fault: 'reload-balancer', times: 2, ms: 2_000 }),
  },
  {
    name: 'proxy-reload-haproxy',
    summary: 'HAProxy reloads under load and cuts its old connections',
    setup: { front: 'haproxy' },
    plan: () => ({ fault: 'reload-balancer', times: 2, ms: 2_000 }),
  },
  {
    name: 'lb-kill',
    summary: 'nodes die behind HAProxy, and every client has the sticky cookie of the first',
    setup: { front: 'haproxy' },
    plan: (random) => ({ fault: 'kill-node', node: random.pick([0, 0, 1, 2]), ms: random.whole(0, 1_000) }),
  },
  {
    name: 'rolling-drain',
    summary: 'one node after the other is asked to end (SIGTERM): no client sees an abrupt end',
    plan: (_, round) => ({ fault: 'drain-node', node: round }),
    noAbruptEnd: true,
  },
  {
    name: 'centrifuge-clients',
    summary: 'npm centrifuge beside our own client: the same guarantee through `recovered` and code 2500',
    setup: { store: 'redis-rdb', nodes: 2, subscribers: 8, centrifuges: 24 },
    allows: ['fork', 'new-log'],
    plan: (random, round) => {
      const empty: Step = { fault: 'restart-redis-empty', ms: 100 }
      const old: Step = { fault: 'restart-redis-old', node: random.whole(0, 9), ms: random.whole(300, 1_500), share: 1 }
      if (round % 8 === 3) return old
      if (round % 8 === 7) return empty
      return random.pick([
        plans.cut(random),
        plans.drop(random),
        plans.killNode(random),
        plans.killHints(),
        plans.cutRedis(random),
      ])
    },
    restMs: 1_000,
  },
  {
    name: 'worker-kill',
    summary: 'workers of `oyez serve --workers` die of SIGKILL; the log is in their primary',
    setup: { store: 'worker', nodes: 1 },
    plan: (random) => ({ fault: 'kill-worker', node: random.whole(0, 9), ms: random.whole(0, 500) }),
    restMs: 1_000,
  },
  {
    name: 'sentinel-failover',
    summary: 'the master dies or is replaced by order; the sentinels promote a replica',
    setup: { store: 'sentinel', nodes: 2 },
    allows: ['fork', 'unknown'],
    plan: (random) => (random.chance(0.5) ? { fault: 'kill-master', ms: 200 } : { fault: 'order-failover' }),
  },
  {
    name: 'sentinel-failover-lossy',
    summary: 'the same with replicas that lag: acknowledged writes are undone, and put back by their publishers',
    setup: { store: 'sentinel', nodes: 2 },
    allows: ['fork', 'unknown'],
    plan: (random) => ({ fault: 'kill-master-lossy', ms: random.whole(200, 1_200) }),
  },
  {
    name: 'cluster-failover',
    summary: 'a master of a cluster dies or is replaced by order',
    setup: { store: 'cluster', nodes: 2, busy: 6 },
    allows: ['fork', 'unknown'],
    plan: (random) => ({
      fault: random.pick(['kill-cluster-master', 'order-cluster-failover']),
      node: random.whole(0, 2),
    }),
  },
  {
    name: 'cluster-slots',
    summary: 'the slots of channels under load are moved to and fro between the masters of a cluster',
    setup: { store: 'cluster', nodes: 2, busy: 6 },
    plan: (random) => ({ fault: 'move-slots', times: 2, node: random.whole(0, 2), ms: random.pick([0, 20, 100]) }),
  },
  {
    name: 'mixed',
    summary: 'everything that must not lose anything, in any order the seed says',
    setup: { store: 'redis-aof', centrifuges: 6 },
    plan: (random) => {
      const { killNode, cut, drop, cutBytes, halfOpen, killHints, freezeNode } = plans
      const { cutRedis, slowRedis, loseClients, restart, freezeRedis } = plans
      const kinds = [
        killNode,
        cut,
        drop,
        cutBytes,
        halfOpen,
        killHints,
        freezeNode,
        cutRedis,
        slowRedis,
        loseClients,
        restart,
        freezeRedis,
      ]
      return random.pick(kinds)(random)
    },
    restMs: 500,
    last: { fault: 'kill-hints', times: 1, ms: 0 },
  },
]
