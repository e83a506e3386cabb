import type { Results } from '../figures.ts'
import { BASELINE, UWS_CONTROL, WS_CONTROL } from '../program.ts'
import { summarize, timesLess } from '../summary.ts'
import type { Goal } from './goal.ts'

const FULL = ['fan-out', 'window-16'] as const
const STEADY = ['fan-out', 'rate-50'] as const
const USERS = ['user-to-user', 'window-200'] as const

/** What a delivery may cost. */
export const deliveryGoals: readonly Goal[] = [
  {
    work: 'fan-out, 16 under way',
    goal: '≥ 6 × Socket.IO + redis-adapter',
    reach: (results) => {
      const times = timesLess(results, FULL, { program: 'oyez', than: BASELINE })
      return times === undefined ? undefined : { met: times >= 6, figure: `${times.toFixed(1)} ×` }
    },
  },
  {
    work: 'fan-out, 16 under way',
    goal: '≥ 0.7 × the uWebSockets control row',
    reach: (results) => {
      const times = timesLess(results, FULL, { program: 'oyez', than: UWS_CONTROL })
      if (times === undefined) return undefined
      const native = timesLess(results, FULL, { program: 'oyez-uws', than: UWS_CONTROL })
      const bound = timesLess(results, FULL, { program: WS_CONTROL, than: UWS_CONTROL })
      return {
        met: times >= 0.7,
        figure: `${times.toFixed(2)} ×`,
        why:
          `${costs(results, FULL, ['oyez', UWS_CONTROL, WS_CONTROL])} What is left is the write of each socket, which oyez shares among the publications of a turn` +
          `${bound === undefined ? '' : `; the bare \`ws\` row, one process without Redis, reaches ${bound.toFixed(2)} ×`}` +
          `${native === undefined ? '' : `, and oyez on an app of uWebSockets.js ${native.toFixed(2)} ×`}.`,
      }
    },
  },
  {
    work: 'fan-out at 50 publications/s',
    goal: 'CPU per delivery ≤ 0.75 × Socket.IO',
    reach: (results) => {
      const times = timesLess(results, STEADY, { program: 'oyez', than: BASELINE })
      if (times === undefined) return undefined
      return {
        met: 1 / times <= 0.75,
        figure: `${(1 / times).toFixed(2)} ×`,
        why: `${costs(results, STEADY, ['oyez', BASELINE, WS_CONTROL, UWS_CONTROL])} There is nothing to share a write with: the control row shows what the writes alone cost.`,
      }
    },
  },
  {
    work: 'user to user, nodes and Redis',
    goal: '≥ 2 × Socket.IO + redis-adapter',
    reach: (results) => userToUser(results, BASELINE, 2),
  },
  {
    work: 'user to user, nodes and Redis',
    goal: '≥ 1.1 × the tutorial, which keeps nothing',
    reach: (results) => userToUser(results, 'tutorial', 1.1),
  },
]

function userToUser(results: Results, than: string, least: number) {
  const ratio = (program: string): number | undefined => timesLess(results, USERS, { program, than, withRedis: true })
  const times = ratio('oyez')
  if (times === undefined) return undefined
  const oneWay = ratio('oyez-one-way')
  const streams = timesLess(results, USERS, { program: 'oyez', than: 'socketio-streams', withRedis: true })
  const redis = summarize(results, ...USERS)
  const redisUs = (program: string): string =>
    redis.find((row) => row.program === program)?.figures.redisCpuUs.toFixed(1) ?? '–'
  return {
    met: times >= least,
    figure: `${times.toFixed(2)} ×`,
    why:
      `${costs(results, USERS, ['oyez', than])} In Redis alone, storing, ordering and hinting a message takes ${redisUs('oyez')} µs where a publish takes ${redisUs(than)} µs. ` +
      `${oneWay === undefined ? '' : `Without the acknowledgement, which is a write of its own, it is ${oneWay.toFixed(2)} ×. `}` +
      `${streams === undefined ? '' : `Against Socket.IO with the streams adapter, which keeps messages as well, it is ${streams.toFixed(2)} ×.`}`,
  }
}

const SHORT: Readonly<Record<string, string>> = {
  socketio: 'Socket.IO',
  tutorial: 'the tutorial',
  control: 'bare `ws`',
  uws: 'uWebSockets',
}

function costs(results: Results, [scenario, name]: readonly [string, string], programs: readonly string[]): string {
  const rows = summarize(results, scenario, name)
  const parts = programs.flatMap((program) => {
    const row = rows.find((row) => row.program === program)
    return row === undefined ? [] : [`${SHORT[program] ?? program} ${row.figures.nodesCpuUs.toFixed(2)} µs`]
  })
  return `CPU of the nodes per delivery: ${parts.join(', ')}.`
}
