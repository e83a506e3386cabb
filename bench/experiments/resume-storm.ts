import { setTimeout as pause } from 'node:timers/promises'
import { Child } from '../child/child.ts'
import type { OyezOrders } from '../child/order.ts'
import type { ResumeDialectName } from '../dialects/resume.ts'
import type { ResumeOrders, ResumeOutcome } from '../load/resume-order.ts'
import { labelOf, type Program } from '../program.ts'
import { eachProgram, type Experiment, type ExperimentContext } from './experiment.ts'

const NODES = 3
const CHANNELS = 50
const SPREAD_MS = 500
const PER_SECOND = 100

/** A node is killed while it is published: its clients come to the others at once and want to go on where they were. */
export const resumeStorm: Experiment = {
  name: 'resume-storm',
  label: 'a node is killed, its clients resume on the two others',
  async run(context) {
    const connections = context.quick ? 2_000 : 5_000
    const figures: Record<string, number> = { bound: CHANNELS * (NODES - 1) }
    const rows: string[][] = []
    await eachProgram(context, ['oyez', 'socketio-streams'], async (program) => {
      const { outcome, reads, cpuUs } = await storm(context, program, connections)
      const { recovered, resumed, lost, repeated, behind, p50Ms, p99Ms, allMs } = outcome
      for (const [name, value] of Object.entries({ ...outcome, reads: reads ?? Number.NaN })) {
        figures[`${name}.${program.name}`] = value
      }
      rows.push([
        labelOf(program.name),
        `${resumed.toLocaleString('en')} of ${connections.toLocaleString('en')}`,
        recovered.toLocaleString('en'),
        (lost + behind).toLocaleString('en'),
        repeated.toLocaleString('en'),
        reads === undefined ? '–' : `${reads} (at most ${CHANNELS * (NODES - 1)})`,
        (p50Ms / 1_000).toFixed(2),
        (p99Ms / 1_000).toFixed(2),
        (allMs / 1_000).toFixed(2),
        cpuUs.toFixed(0),
      ])
      return `${recovered} of ${connections} recovered, ${lost + behind} lost, ${reads ?? '–'} log reads, all back after ${(allMs / 1_000).toFixed(2)} s`
    })
    return {
      name: this.name,
      figures,
      tables: [
        {
          title: `resume storm, ${connections.toLocaleString('en')} clients of ${CHANNELS} channels on one of ${NODES} nodes, which is killed`,
          columns: [
            'program',
            'back',
            'recovered',
            'messages lost',
            'came twice',
            'log reads',
            'p50 s',
            'p99 s',
            'all s',
            'surviving nodes: CPU µs per client',
          ],
          rows,
          notes: [
            `${PER_SECOND} publications per second go on meanwhile, numbered in each channel, and every client checks the numbers. Clients come back after a random time below ${SPREAD_MS} ms, which the times include.`,
            'Log reads are counted by the surviving nodes from the kill to the end; the bound is channels × surviving nodes. Socket.IO saves a session when the node notices that its client left; ' +
              'a node that is killed notices nothing, so its clients start anew.',
          ],
        },
      ],
    }
  },
}

interface Storm {
  readonly outcome: ResumeOutcome
  readonly reads: number | undefined
  readonly cpuUs: number
}

async function storm({ redis }: ExperimentContext, program: Program, connections: number): Promise<Storm> {
  await redis.empty()
  const nodes = Array.from({ length: NODES }, () => new Child<OyezOrders>(program.file, { args: program.args }))
  const [victim, ...others] = nodes
  const crowd = new Child<ResumeOrders>('load/resume-crowd.js')
  try {
    const ports = await Promise.all(nodes.map(async (node) => (await node.ask('listen', redis.url)).port))
    const [victimPort = 0, ...otherPorts] = ports
    await crowd.ask('open', {
      dialect: program.dialect as ResumeDialectName,
      victimPort,
      otherPorts,
      connections,
      channels: CHANNELS,
      spreadMs: SPREAD_MS,
    })
    await crowd.ask('begin', PER_SECOND)
    await pause(2_000)
    const reads = async (): Promise<number | undefined> =>
      program.name === 'oyez'
        ? sum(await Promise.all(others.map(async (node) => (await node.ask('stats')).busStats.reads)))
        : undefined
    const cpu = async (): Promise<number> =>
      sum(await Promise.all(others.map(async (node) => (await node.ask('usage')).cpuUs)))
    const [readsBefore, cpuBefore] = [await reads(), await cpu()]
    await Promise.all([crowd.ask('killed'), victim?.kill()])
    const outcome = await crowd.ask('finish')
    const [readsAfter, cpuAfter] = [await reads(), await cpu()]
    return {
      outcome,
      reads: readsAfter === undefined ? undefined : readsAfter - (readsBefore ?? 0),
      cpuUs: (cpuAfter - cpuBefore) / connections,
    }
  } finally {
    await Promise.all([...others, crowd].map((child) => child.close()))
    await victim?.close()
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
