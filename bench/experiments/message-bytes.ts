import { labelOf } from '../program.ts'
import { Session } from '../session.ts'
import { eachProgram, type Experiment } from './experiment.ts'

const PACE = { kind: 'rate', perSecond: 200 } as const
const DATA_BYTES = 64

/** What one message of 64 bytes becomes on its way: on the bus between two nodes, and on the wire to one subscriber. */
export const messageBytes: Experiment = {
  name: 'message-bytes',
  label: 'bytes of one message on the bus and on the wire',
  async run(context) {
    const rows: string[][] = []
    const figures: Record<string, number> = {}
    const { redis } = context
    await eachProgram(context, ['oyez', 'socketio', 'socketio-streams', 'tutorial'], async (program) => {
      // Two subscribers, one on each node, so that both hear of everything.
      const session = await Session.open({ program, redis, kind: 'channel', connections: 2 })
      try {
        let deliveries = 0
        const before = await session.bytesRead()
        const traffic = await redis.trafficOf(async () => {
          ;({ deliveries } = await session.measure(PACE, { warmUpMs: 0, measureMs: 2_000 }))
        })
        const messages = deliveries / 2
        const wire = ((await session.bytesRead()) - before) / deliveries
        // A run of its own: what a listener hears is no traffic of the program.
        const lengths = await redis.listen()
        await session.measure(PACE, { warmUpMs: 0, measureMs: 500 })
        const heard = (await lengths()).filter((length) => length > DATA_BYTES)
        const published = heard.length === 0 ? undefined : heard.reduce((sum, length) => sum + length, 0) / heard.length
        if (published !== undefined) figures[`message.${program.name}`] = published
        figures[`wire.${program.name}`] = wire
        figures[`redis.${program.name}`] = (traffic.written + traffic.read) / messages
        rows.push([
          labelOf(program.name),
          published?.toFixed(0) ?? 'a stream entry',
          (traffic.written / messages).toFixed(0),
          (traffic.read / messages).toFixed(0),
          wire.toFixed(0),
        ])
        return `${published?.toFixed(0) ?? '–'} on the bus, ${wire.toFixed(0)} on the wire`
      } finally {
        await session.close()
      }
    })
    figures['same-content-json'] = sameContent().length
    rows.push(['what oyez says, written as JSON', String(sameContent().length), '', '', ''])
    return {
      name: this.name,
      figures,
      tables: [
        {
          title: `bytes of one message, ${DATA_BYTES} bytes of payload, two nodes with a subscriber each, ${PACE.perSecond} a second`,
          columns: [
            'program',
            'published message',
            'into Redis',
            'out of Redis, to both nodes',
            'on the wire, to one subscriber',
          ],
          rows,
          notes: [
            'The published message is what a node hears, without the protocol of Redis around it; the other columns count everything. Messages come one by one here, which is the dearest: ' +
              'under load oyez shares one call among many. Its message also says where it stands in the log and who published it, and its call stores it; the others say nothing but channel and payload.',
          ],
        },
      ],
    }
  },
}

/** The message of the tutorial with the content of oyez's: position in the log and publisher. */
function sameContent(): string {
  const client = '7f0c1c2e-8b1d-4c57-9d1f-123456789abc'
  return JSON.stringify({
    type: 'publish',
    channel: 'news',
    epoch: 'vIlKMd7In1Xd.820fda5e62',
    offset: 200,
    info: { user: '', client },
    data: '.'.repeat(DATA_BYTES - 2),
  })
}
