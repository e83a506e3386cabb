import { labelOf } from '../program.ts'
import { Session } from '../session.ts'
import { eachProgram, type Experiment } from './experiment.ts'

const OPENING = 500

/** Everybody comes at once: what letting a client in costs, and how long it takes until the last one hears its channel. */
export const connectStorm: Experiment = {
  name: 'connect-storm',
  label: 'thousands connect and subscribe at once',
  async run(context) {
    const connections = context.quick ? 1_000 : 5_000
    const rows: string[][] = []
    const figures: Record<string, number> = {}
    await eachProgram(context, ['oyez', 'socketio', 'socketio-streams', 'tutorial', 'uws'], async (program) => {
      const { redis } = context
      const session = await Session.open({ program, redis, kind: 'channel', connections, opening: OPENING })
      await session.close()
      const { openSeconds, connectCpuUs, bytesPerConnection } = session
      figures[`connect-us.${program.name}`] = connectCpuUs
      rows.push([
        labelOf(program.name),
        openSeconds.toFixed(2),
        Math.round(connections / openSeconds).toLocaleString('en'),
        connectCpuUs.toFixed(0),
        (bytesPerConnection / 1_024).toFixed(1),
      ])
      return `${openSeconds.toFixed(2)} s, ${connectCpuUs.toFixed(0)} µs of CPU each`
    })
    return {
      name: this.name,
      figures,
      tables: [
        {
          title: `connect storm, ${connections.toLocaleString('en')} clients, ${OPENING} at a time, until each is subscribed`,
          columns: ['program', 'seconds', 'clients/s', 'nodes: CPU µs per client', 'KB per subscriber'],
          rows,
        },
      ],
    }
  },
}
