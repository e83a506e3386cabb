import { readFile } from 'node:fs/promises'
import { pause } from '../runner/until.ts'
import type { Fault } from './fault.ts'

export const nodeFaults: Readonly<Record<string, Fault>> = {
  /** SIGKILL, and a new process in its place. */
  'kill-node': async (deployment, step) => {
    const node = deployment.node(step)
    await node.kill()
    await pause(step.ms ?? 0)
    await node.start()
    return { counts: { nodeKills: 1 }, figures: { flowMs: await deployment.flow() } }
  },

  /** SIGTERM: clients are sent elsewhere with 3001, the process ends with code 0. */
  'drain-node': async (deployment, step) => {
    const node = deployment.node(step)
    const { code, signal } = await node.drain()
    await node.start()
    const counts = { drains: 1 }
    const figures = { flowMs: await deployment.flow() }
    if (code === 0) return { counts, figures }
    return { counts, figures, complaint: `a drained node ended with code ${code}, signal ${signal}` }
  },

  /** SIGSTOP: the event loop stands still. On waking, everything may have changed. */
  'freeze-node': async (deployment, step) => {
    const node = deployment.node(step)
    node.signal('SIGSTOP')
    await pause(step.ms ?? 1_000)
    node.signal('SIGCONT')
    return { counts: { nodeFreezes: 1 }, figures: { flowMs: await deployment.flow() } }
  },

  /** SIGKILL to one of the workers of a node. */
  'kill-worker': async (deployment, step) => {
    const { pid } = deployment.node({})
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
    const worker = children[(step.node ?? 0) % children.length]
    if (worker === undefined || worker === 0) throw new Error('there is no worker to kill')
    process.kill(worker, 'SIGKILL')
    await pause(step.ms ?? 0)
    return { counts: { workerKills: 1 }, figures: { flowMs: await deployment.flow() } }
  },
}
