import type { Crowd, Pace } from './load/order.ts'

/** A way of publishing within a scenario. */
export interface Case {
  readonly name: string
  readonly label: string
  readonly pace: Pace
  /** In the first round only, and neither in a quick run nor for variants, unless it is asked for. */
  readonly isExtra?: true
}

/** A crowd of connections and what is done with it. */
export interface Scenario {
  readonly name: string
  readonly label: string
  readonly kind: Crowd['kind']
  readonly connections: number
  readonly cases: readonly Case[]
  /** Most rounds that are worth their time. @default as many as asked for */
  readonly maxRounds?: number
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'fan-out',
    label: 'one publisher, 1,000 subscribers of one channel, 64 bytes',
    kind: 'channel',
    connections: 1_000,
    cases: [
      { name: 'window-16', label: '16 publications under way', pace: { kind: 'window', size: 16 } },
      { name: 'window-4', label: '4 publications under way', pace: { kind: 'window', size: 4 }, isExtra: true },
      { name: 'rate-50', label: '50 publications per second', pace: { kind: 'rate', perSecond: 50 } },
    ],
  },
  {
    name: 'user-to-user',
    label: '1,000 users, 200 of them send to random others, 64 bytes',
    kind: 'users',
    connections: 1_000,
    cases: [{ name: 'window-200', label: '200 messages under way', pace: { kind: 'window', size: 200 } }],
  },
  {
    name: 'small-channels',
    label: '250 channels of four members each, who publish to them, 64 bytes',
    kind: 'channels',
    connections: 1_000,
    maxRounds: 2,
    cases: [{ name: 'window-100', label: '100 publications under way', pace: { kind: 'window', size: 100 } }],
  },
  // Memory does not depend on the moment: one turn is enough.
  {
    name: 'idle',
    label: 'connections that only sit there',
    kind: 'idle',
    connections: 10_000,
    cases: [],
    maxRounds: 1,
  },
]
