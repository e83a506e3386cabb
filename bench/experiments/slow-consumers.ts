import type { Pace } from '../load/order.ts'
import { labelOf } from '../program.ts'
import { Session } from '../session.ts'
import { eachProgram, type Experiment } from './experiment.ts'

const FAST = 20
const STALLED = 20
const PAYLOAD_BYTES = 16_384
const PER_SECOND = 200
const PACE: Pace = { kind: 'rate', perSecond: PER_SECOND }

/** Some subscribers stop to read: what the others feel of it, and what the nodes keep for those who do not come back. */
export const slowConsumers: Experiment = {
  name: 'slow-consumers',
  label: 'some subscribers stop to read',
  async run(context) {
    const rows: string[][] = []
    const figures: Record<string, number> = {}
    const measureMs = context.quick ? 4_000 : 6_000
    await eachProgram(context, ['oyez', 'socketio', 'socketio-streams', 'tutorial', 'uws'], async (program) => {
      const session = await Session.open({
        program,
        redis: context.redis,
        kind: 'channel',
        connections: FAST,
        payloadBytes: PAYLOAD_BYTES,
      })
      try {
        const alone = await session.measure(PACE, { warmUpMs: context.warmUpMs, measureMs: measureMs / 2 })
        await session.stall(STALLED)
        const before = await session.memory()
        const beside = await session.measure(PACE, { warmUpMs: 0, measureMs })
        const bytes = ((await session.memory()) - before) / STALLED
        figures[`stalled-kb.${program.name}`] = bytes / 1_024
        figures[`p99-beside.${program.name}`] = beside.p99Ms
        rows.push([
          labelOf(program.name),
          `${alone.p50Ms.toFixed(1)} / ${alone.p99Ms.toFixed(1)}`,
          `${beside.p50Ms.toFixed(1)} / ${beside.p99Ms.toFixed(1)}`,
          (bytes / 1_024).toFixed(0),
        ])
        return `p99 ${alone.p99Ms.toFixed(1)} ms alone, ${beside.p99Ms.toFixed(1)} ms beside; ${(bytes / 1_024).toFixed(0)} KB for each that stalls`
      } finally {
        await session.close()
      }
    })
    return {
      name: this.name,
      figures,
      tables: [
        {
          title: `slow consumers, ${FAST} who read beside ${STALLED} who stopped, ${PAYLOAD_BYTES / 1_024} KiB, ${PER_SECOND} publications per second`,
          columns: ['program', 'p50 / p99 ms alone', 'p50 / p99 ms beside them', 'nodes: KB more per stalled client'],
          rows,
          notes: [slowNote(measureMs)],
        },
      ],
    }
  },
}

function slowNote(measureMs: number): string {
  const published = (PAYLOAD_BYTES * PER_SECOND * (measureMs / 1_000)) / 2 ** 20
  return (
    `In that time ${published.toFixed(0)} MB were published to each. Of that the kernel takes some megabytes a socket, which are not counted. What a node then keeps is one copy for all who ` +
    'stalled there, shared among them, and grows as long as they are connected; with oyez it ends at the high-water mark (1 MiB a client), from where a client continues out of the log. uWebSockets drops silently ' +
    'what is above its limit, here the same. Near or below 0 means no more than what the allocator happens to keep or give back.'
  )
}
