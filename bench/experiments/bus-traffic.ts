import type { Child } from '../child/child.ts'
import type { OyezOrders } from '../child/order.ts'
import { labelOf, type Program } from '../program.ts'
import { Session } from '../session.ts'
import type { Experiment, ExperimentContext } from './experiment.ts'

const USERS = 400
const PER_SECOND = 500

/** Messages to single users, who are each on one node: what the other nodes hear of it for nothing. */
export const busTraffic: Experiment = {
  name: 'bus-traffic',
  label: 'messages to single users over 2, 4 and 8 nodes',
  async run(context) {
    const sizes = context.quick ? [2, 4] : [2, 4, 8]
    const rows: string[][] = []
    const figures: Record<string, number> = {}
    for (const variant of variants(context.programs)) {
      for (const nodes of sizes) {
        const { heard, unwanted, bytes, cpuUs } = await measure(context, { ...variant.program, nodes })
        figures[`unwanted.${variant.name}.${nodes}`] = unwanted ?? Number.NaN
        figures[`bus-bytes.${variant.name}.${nodes}`] = bytes
        context.say(
          `  ${variant.name.padEnd(18)} ${nodes} nodes: ${bytes.toFixed(0)} bytes a message, ${unwanted?.toFixed(3) ?? '–'} heard for nothing`,
        )
        rows.push([
          variant.label,
          String(nodes),
          heard?.toFixed(2) ?? '–',
          unwanted?.toFixed(2) ?? '–',
          bytes.toFixed(0),
          cpuUs.toFixed(0),
        ])
      }
    }
    return {
      name: this.name,
      figures,
      tables: [
        {
          title: `bus traffic, ${PER_SECOND} messages per second to ${USERS} users, 64 bytes`,
          columns: [
            'program',
            'nodes',
            'nodes that heard a message',
            'of these for nothing',
            'in and out of Redis: bytes a message',
            'nodes: CPU µs a message',
          ],
          rows,
          notes: [
            'Heard and unwanted are counted by the nodes of oyez themselves. With the other programs every node hears every message. Bytes are what Redis counted, commands and answers included.',
          ],
        },
      ],
    }
  },
}

interface Variant {
  readonly name: string
  readonly label: string
  readonly program: Program
}

function variants(programs: readonly Program[]): Variant[] {
  return programs.flatMap((program) => {
    if (program.name === 'oyez') {
      return [
        { name: 'interest', label: 'oyez, interest (the default)', program },
        { name: 'broadcast', label: 'oyez, broadcast', program: { ...program, args: ['broadcast'] } },
      ]
    }
    const { name } = program
    return name === 'socketio' || name === 'tutorial' ? [{ name, label: labelOf(name), program }] : []
  })
}

async function measure({ redis, quick }: ExperimentContext, program: Program) {
  const session = await Session.open({ program, redis, kind: 'users', connections: USERS })
  try {
    const before = await counts(program, session)
    let deliveries = 0
    let cpuUs = 0
    const traffic = await redis.trafficOf(async () => {
      const pace = { kind: 'rate', perSecond: PER_SECOND } as const
      const figures = await session.measure(pace, { warmUpMs: 0, measureMs: quick ? 1_500 : 2_000 })
      ;({ deliveries, nodesCpuUs: cpuUs } = figures)
    })
    const after = await counts(program, session)
    if (before === undefined || after === undefined) {
      return { heard: undefined, unwanted: undefined, bytes: (traffic.written + traffic.read) / deliveries, cpuUs }
    }
    const published = after.published - before.published
    return {
      heard: (after.received - before.received) / published,
      unwanted: (after.unwanted - before.unwanted) / published,
      bytes: (traffic.written + traffic.read) / published,
      cpuUs,
    }
  } finally {
    await session.close()
  }
}

/** Only nodes of oyez count what they hear. */
async function counts(program: Program, session: Session) {
  if (program.name !== 'oyez') return undefined
  const all = await Promise.all(
    (session.nodes as unknown as readonly Child<OyezOrders>[]).map((node) => node.ask('stats')),
  )
  return {
    published: all.reduce((sum, { busStats }) => sum + busStats.appended, 0),
    received: all.reduce((sum, { busStats }) => sum + busStats.received, 0),
    unwanted: all.reduce((sum, { busStats }) => sum + busStats.unwanted, 0),
  }
}
