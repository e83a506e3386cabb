import type { Results, Table } from '../figures.ts'
import { BASELINE } from '../program.ts'
import { costCurve } from './cost-curve-goal.ts'
import { deliveryGoals } from './delivery-goals.ts'
import { bytesPerConnection, figureOf, type Goal } from './goal.ts'

/** Everything that the project set out to reach, in the order of the page. */
export const goals: readonly Goal[] = [
  ...deliveryGoals,
  {
    work: 'idle connection, `ws`',
    goal: '≤ 0.6 × Socket.IO at 10,000 connections',
    reach: (results) => {
      const [own, other] = [bytesPerConnection(results, 'oyez'), bytesPerConnection(results, BASELINE)]
      if (own === undefined || other === undefined) return undefined
      const bare = bytesPerConnection(results, 'control')
      return {
        met: own / other <= 0.6,
        figure: `${(own / other).toFixed(2)} ×`,
        why:
          bare === undefined
            ? undefined
            : `A bare \`ws\` connection takes ${(bare / 1_024).toFixed(1)} KB here, one of oyez ${(own / 1_024).toFixed(1)} KB.`,
      }
    },
  },
  {
    work: 'log append',
    goal: '≥ 0.9 × the bare script, pipelined',
    reach: (results) => {
      const own = figureOf(results, 'log-append', 'of-script')
      if (own === undefined) return undefined
      const batched = figureOf(results, 'log-append', 'of-script-of-64')
      return {
        met: own >= 0.9,
        figure: `${own.toFixed(2)} ×`,
        why:
          batched === undefined
            ? undefined
            : `Against the script with 64 records in a call, which needs nobody to wait for an answer, it is ${batched.toFixed(2)} ×.`,
      }
    },
  },
  {
    work: 'wasted bus traffic, 2, 4 and 8 nodes',
    goal: '0 messages heard by a node without a subscriber',
    reach: (results) => {
      const wasted = [2, 4, 8].map((nodes) => figureOf(results, 'bus-traffic', `unwanted.interest.${nodes}`))
      const known = wasted.filter((value) => value !== undefined)
      if (known.length === 0) return undefined
      return {
        met: known.every((value) => value === 0),
        figure: wasted.map((value) => value?.toFixed(2) ?? '–').join(', '),
      }
    },
  },
  {
    work: 'bytes on the bus, 64-byte payload',
    goal: "≤ 0.6 × the tutorial's JSON",
    reach: (results) => {
      const of = (name: string): number | undefined => figureOf(results, 'message-bytes', name)
      const [own, other, same] = [of('message.oyez'), of('message.tutorial'), of('same-content-json')]
      if (own === undefined || other === undefined || same === undefined) return undefined
      const traffic = (name: string): number | undefined => figureOf(results, 'bus-traffic', `bus-bytes.${name}.8`)
      const [ownTraffic, otherTraffic] = [traffic('interest'), traffic('tutorial')]
      return {
        met: own / other <= 0.6,
        figure: `${(own / other).toFixed(2)} ×, ${(own / same).toFixed(2)} × the same content in JSON`,
        why:
          `The tutorial's message is channel and payload, ${other.toFixed(0)} bytes: the payload alone is ${(64 / other).toFixed(2)} of it, so that nothing which says more can meet the goal. ` +
          `The ${own.toFixed(0)} bytes of oyez are 64 of payload, some 60 that say who published it, and the rest where it stands in the log.` +
          (ownTraffic === undefined || otherTraffic === undefined
            ? ''
            : ` All that goes in and out of Redis for a message to one user is ${(ownTraffic / otherTraffic).toFixed(2)} × the tutorial's at 8 nodes, as only one node hears it.`),
      }
    },
  },
  {
    work: 'client bundle',
    goal: '≤ 6 KB min+gzip with recovery',
    reach: (results) => {
      const bytes = figureOf(results, 'client-bundle', 'bytes')
      return bytes === undefined ? undefined : { met: bytes <= 6_144, figure: `${(bytes / 1_024).toFixed(2)} KB` }
    },
  },
  costCurve,
  {
    work: 'resume storm',
    goal: 'all recovered, log reads ≤ channels × surviving nodes',
    reach: (results) => {
      const of = (name: string): number | undefined => figureOf(results, 'resume-storm', name)
      const [all, recovered, reads, bound] = [
        of('connections.oyez'),
        of('recovered.oyez'),
        of('reads.oyez'),
        of('bound'),
      ]
      const missing = (of('lost.oyez') ?? 0) + (of('behind.oyez') ?? 0)
      if (all === undefined || recovered === undefined || reads === undefined || bound === undefined) return undefined
      return {
        met: recovered === all && missing === 0 && reads <= bound,
        figure: `${recovered.toLocaleString('en')} of ${all.toLocaleString('en')}, ${reads} reads (≤ ${bound})`,
      }
    },
  },
]

/** The goals beside what the run reached. */
export function goalTable(results: Results): Table | undefined {
  const rows: string[][] = []
  const notes: string[] = []
  for (const { work, goal, reach } of goals) {
    const reached = reach(results)
    if (reached === undefined) continue
    rows.push([work, goal, reached.figure, reached.met ? 'met' : 'not met'])
    if (reached.why !== undefined) notes.push(`${work}, ${goal}: ${reached.figure}. ${reached.why.trim()}`)
  }
  if (rows.length === 0) return undefined
  return { title: 'what was to be reached', columns: ['work', 'goal', 'this run', ''], rows, notes }
}
