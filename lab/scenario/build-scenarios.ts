import type { Step } from '../runner/step.ts'
import type { Scenario } from './scenario.ts'

/** Steps in a fixed order, over and over. */
function script(...steps: readonly Step[]): Scenario['plan'] {
  return (_, round) => steps[round % steps.length] as Step
}

function repeated(step: Step, count: number): Step[] {
  return Array.from({ length: count }, (_, index) => ({ ...step, node: index }))
}

function scripted(scenario: Omit<Scenario, 'plan'>, steps: readonly Step[]): Scenario {
  return { ...scenario, plan: script(...steps), rounds: steps.length }
}

/** The counts that every build reaches, in a few minutes: many subscribers make many deliveries. */
export const buildScenarios: readonly Scenario[] = [
  scripted(
    {
      name: 'build-nodes',
      summary: 'every build: 21 nodes killed, 50 connections for hints, Redis once, 3 times half open',
      setup: { store: 'redis-aof', subscribers: 90, centrifuges: 6, perSecond: 35, subscriberProcesses: 2 },
      deliveries: 850_000,
      restMs: 0,
      last: { fault: 'kill-hints', times: 1, ms: 0 },
    },
    [
      ...repeated({ fault: 'kill-node' }, 21),
      { fault: 'kill-hints', times: 17, ms: 300 },
      { fault: 'restart-redis' },
      ...repeated({ fault: 'half-open', ms: 6_500 }, 3).map((step, index) => ({
        ...step,
        direction: (['both', 'up', 'down'] as const)[index] ?? 'both',
      })),
    ],
  ),
  scripted(
    {
      name: 'build-clients',
      summary: 'every build: 5,000 client disconnects, also in the middle of a frame',
      setup: { nodes: 2, subscribers: 110, centrifuges: 0, perSecond: 15, subscriberProcesses: 2 },
      restMs: 0,
    },
    [{ fault: 'cut-after-bytes', ms: 2_000 }, ...repeated({ fault: 'cut-clients', share: 1, ms: 350, times: 20 }, 5)],
  ),
  scripted(
    {
      name: 'build-redis',
      summary: 'every build: Redis comes back with old data, and empty',
      setup: { store: 'redis-rdb', nodes: 2, subscribers: 30, centrifuges: 4 },
      allows: ['fork', 'new-log'],
      restMs: 1_000,
    },
    [
      { fault: 'restart-redis-old', ms: 1_000, share: 1 },
      { fault: 'restart-redis-empty' },
      { fault: 'restart-redis-old', node: 1, ms: 500, share: 0.5 },
    ],
  ),
  scripted(
    {
      name: 'build-nginx',
      summary: 'every build: nginx reloads under load',
      setup: { front: 'nginx', subscribers: 60 },
      restMs: 0,
    },
    [{ fault: 'reload-balancer', times: 2, ms: 1_500 }],
  ),
  scripted(
    {
      name: 'build-haproxy',
      summary: 'every build: HAProxy reloads under load',
      setup: { front: 'haproxy', subscribers: 60 },
      restMs: 0,
    },
    [{ fault: 'reload-balancer', times: 2, ms: 1_500 }],
  ),
  scripted(
    {
      name: 'build-sentinel',
      summary: 'every build: three failovers by Sentinel, one of them lossy',
      setup: { store: 'sentinel', nodes: 2, subscribers: 60 },
      allows: ['fork', 'unknown'],
      restMs: 0,
    },
    [{ fault: 'kill-master' }, { fault: 'kill-master-lossy', ms: 500 }, { fault: 'order-failover' }],
  ),
  scripted(
    {
      name: 'build-cluster',
      summary: 'every build: a failover of a Cluster, and 200 slots moved under load',
      setup: { store: 'cluster', nodes: 2, subscribers: 60, busy: 6 },
      allows: ['fork', 'unknown'],
      restMs: 0,
    },
    [...repeated({ fault: 'move-slots', times: 7, ms: 0 }, 3), { fault: 'kill-cluster-master' }],
  ),
]

/** What a planted fault is tried on: short, and with something for each of them. */
export const mutantScenarios: readonly Scenario[] = [
  scripted(
    {
      name: 'mutant-cuts',
      summary:
        'for planted faults: clients are cut, Redis comes back with old data, hints are lost with the last words',
      setup: { store: 'redis-rdb', nodes: 2, subscribers: 6, centrifuges: 4, perSecond: 40, still: 12 },
      allows: ['fork'],
      restMs: 300,
      last: { fault: 'kill-hints', times: 1, ms: 0 },
    },
    [
      { fault: 'cut-clients', share: 1, ms: 300, times: 8 },
      { fault: 'restart-redis-old', ms: 1_200, share: 1 },
    ],
  ),
  scripted(
    {
      name: 'mutant-hints',
      summary:
        'for planted faults: the last words have one publisher, so that each of them is the last message of its channel',
      setup: { nodes: 2, subscribers: 4, publishers: 1, still: 20 },
    },
    [{ fault: 'drop-clients', share: 0.5 }],
  ),
  scripted(
    {
      name: 'mutant-flush',
      summary: 'for planted faults: Redis is flushed under idle channels',
      setup: { nodes: 2, subscribers: 4, still: 2, firstWords: false },
      allows: ['new-log'],
      // Long, since the limit that a missing audit must exceed grows with what else the machine does.
      restMs: 20_000,
    },
    [{ fault: 'flush-all' }],
  ),
]
