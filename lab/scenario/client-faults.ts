import { pause } from '../orchestra/until.ts'
import type { Fault } from './fault.ts'

/** Bytes after which connections are cut: anywhere in the handshake, the connect, the recovery or the stream. */
const CUT_RANGE = [1, 20_000] as const

export const clientFaults: Readonly<Record<string, Fault>> = {
  /** A share of all client connections is reset, publishers' too. */
  'cut-clients': async (stage, step) => {
    let cut = 0
    for (let time = 0; time < (step.times ?? 1); time++) {
      for (const door of stage.doors) cut += door.reset(step.share ?? 0.5)
      await pause(step.ms ?? 500)
    }
    return { counts: { clientDisconnects: cut } }
  },

  /** Subscribers end their connections from their own side, without a goodbye. */
  'drop-clients': async (stage, step) => {
    const answers = await stage.tell({ order: 'cut', share: step.share ?? 0.5 })
    await pause(step.ms ?? 500)
    return { counts: { clientDisconnects: answers.reduce((sum, { value }) => sum + value, 0) } }
  },

  /** Every connection is cut after some bytes, in the middle of whatever it is saying. */
  'cut-after-bytes': async (stage, step) => {
    const before = stage.doors.reduce((sum, { cuts }) => sum + cuts, 0)
    for (const door of stage.doors) {
      door.cutAfter(CUT_RANGE)
      door.reset()
    }
    await pause(step.ms ?? 2_000)
    for (const door of stage.doors) await door.heal()
    await stage.assembled()
    return { counts: { clientDisconnects: stage.doors.reduce((sum, { cuts }) => sum + cuts, 0) - before } }
  },

  /** Clients' bytes come late and in pieces. */
  'slow-clients': async (stage, step) => {
    for (const door of stage.doors) door.set({ delayMs: 150, jitterMs: 100, sliceBytes: 1 })
    await pause(step.ms ?? 3_000)
    for (const door of stage.doors) await door.heal()
    return { counts: { slowLinks: 1 } }
  },

  /** The clients of one node are there no longer, and nobody is told. */
  'lose-clients': async (stage, step) => {
    const door = stage.doors[(step.node ?? 0) % stage.doors.length]
    door?.set({ hole: true })
    await pause(step.ms ?? 3_000)
    await door?.heal()
    return { counts: { partitions: 1 } }
  },

  /** A whole process of subscribers stops reading. */
  'stop-reading': async (stage, step) => {
    const audience = stage.audiences[0]
    audience?.signal('SIGSTOP')
    let most = 0
    const end = performance.now() + (step.ms ?? 3_000)
    while (performance.now() < end) {
      await pause(200)
      const infos = await Promise.all(stage.nodes.map((node) => node.info()))
      most = Math.max(most, ...infos.map((info) => Number(info['queued_bytes'] ?? 0)))
    }
    audience?.signal('SIGCONT')
    await stage.assembled()
    const { subscribers, audiences } = stage.setup
    const perClient = Math.round(most / Math.ceil(subscribers / audiences))
    return { effects: ['trimmed'], counts: { readersStopped: 1 }, figures: { queuedBytesPerClient: perClient } }
  },

  /** The load balancer reads its configuration again, and cuts what the old processes still hold after a second. */
  'reload-balancer': async (stage, step) => {
    for (let time = 0; time < (step.times ?? 1); time++) {
      await stage.balancer?.reload()
      await pause(step.ms ?? 1_500)
    }
    return { counts: { proxyReloads: step.times ?? 1 }, figures: { flowMs: await stage.flow() } }
  },
}
