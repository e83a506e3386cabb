import { pause } from '../runner/until.ts'
import type { Fault } from './fault.ts'

/** Bytes after which connections are cut: anywhere in the handshake, the connect, the recovery or the stream. */
const CUT_RANGE = [1, 20_000] as const

export const clientFaults: Readonly<Record<string, Fault>> = {
  /** A share of all client connections is reset, publishers' too. */
  'cut-clients': async (deployment, step) => {
    let cut = 0
    for (let time = 0; time < (step.times ?? 1); time++) {
      for (const proxy of deployment.proxies) cut += proxy.reset(step.share ?? 0.5)
      await pause(step.ms ?? 500)
    }
    return { counts: { clientDisconnects: cut } }
  },

  /** Subscribers end their connections from their own side, without a goodbye. */
  'drop-clients': async (deployment, step) => {
    const answers = await deployment.tell({ order: 'cut', share: step.share ?? 0.5 })
    await pause(step.ms ?? 500)
    return { counts: { clientDisconnects: answers.reduce((sum, { value }) => sum + value, 0) } }
  },

  /** Every connection is cut after some bytes, in the middle of whatever it is saying. */
  'cut-after-bytes': async (deployment, step) => {
    const before = deployment.proxies.reduce((sum, { cuts }) => sum + cuts, 0)
    for (const proxy of deployment.proxies) {
      proxy.cutAfter(CUT_RANGE)
      proxy.reset()
    }
    await pause(step.ms ?? 2_000)
    for (const proxy of deployment.proxies) await proxy.heal()
    await deployment.assembled()
    return { counts: { clientDisconnects: deployment.proxies.reduce((sum, { cuts }) => sum + cuts, 0) - before } }
  },

  /** Clients' bytes come late and in pieces. */
  'slow-clients': async (deployment, step) => {
    for (const proxy of deployment.proxies) proxy.set({ delayMs: 150, jitterMs: 100, sliceBytes: 1 })
    await pause(step.ms ?? 3_000)
    for (const proxy of deployment.proxies) await proxy.heal()
    return { counts: { slowLinks: 1 } }
  },

  /** The clients of one node are there no longer, and nobody is told. */
  'lose-clients': async (deployment, step) => {
    const proxy = deployment.proxies[(step.node ?? 0) % deployment.proxies.length]
    proxy?.set({ hole: true })
    await pause(step.ms ?? 3_000)
    await proxy?.heal()
    return { counts: { partitions: 1 } }
  },

  /** A whole process of subscribers stops reading. */
  'stop-reading': async (deployment, step) => {
    const subscriberProcess = deployment.subscriberProcesses[0]
    subscriberProcess?.signal('SIGSTOP')
    let most = 0
    const end = performance.now() + (step.ms ?? 3_000)
    while (performance.now() < end) {
      await pause(200)
      const infos = await Promise.all(deployment.nodes.map((node) => node.info()))
      most = Math.max(most, ...infos.map((info) => Number(info['queued_bytes'] ?? 0)))
    }
    subscriberProcess?.signal('SIGCONT')
    await deployment.assembled()
    const { subscribers, subscriberProcesses } = deployment.setup
    const perClient = Math.round(most / Math.ceil(subscribers / subscriberProcesses))
    return { effects: ['trimmed'], counts: { readersStopped: 1 }, figures: { queuedBytesPerClient: perClient } }
  },

  /** The load balancer reads its configuration again, and cuts what the old processes still hold after a second. */
  'reload-balancer': async (deployment, step) => {
    for (let time = 0; time < (step.times ?? 1); time++) {
      await deployment.balancer?.reload()
      await pause(step.ms ?? 1_500)
    }
    return { counts: { proxyReloads: step.times ?? 1 }, figures: { flowMs: await deployment.flow() } }
  },
}
