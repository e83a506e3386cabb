import { setTimeout as pause } from 'node:timers/promises'
import { Child } from './child/child.ts'
import type { CountingOrders } from './child/order.ts'
import type { Validation } from './figures.ts'
import type { GeneratorOrders } from './load/order.ts'

const CONNECTIONS = 200
const PUBLICATIONS = 2_000
const PATIENCE_MS = 10_000

/** Lets a server that only counts write to the load generator, and compares what both say. @throws when they differ. */
export async function validateGenerator(): Promise<Validation> {
  const server = new Child<CountingOrders>('programs/counting.js')
  const generator = new Child<GeneratorOrders>('load/generator.js')
  try {
    const { port } = await server.ask('listen', '')
    await generator.ask('open', { dialect: 'plain', ports: [port], connections: CONNECTIONS, kind: 'idle' })
    const cpuBefore = await generator.ask('cpuUs')
    const began = performance.now()
    const { sent } = await server.ask('burst', PUBLICATIONS)
    // Never less than all of it: wait for the number, then a little more, so that counting too much would show.
    while ((await generator.ask('count')) < sent && performance.now() - began < PATIENCE_MS) await pause(20)
    const seconds = (performance.now() - began) / 1_000
    const cpuUs = (await generator.ask('cpuUs')) - cpuBefore
    await pause(100)
    const counted = await generator.ask('count')
    if (counted !== sent) throw new Error(`the load generator counted ${counted} publications where ${sent} were sent`)
    return { sent, counted, framesPerSecond: sent / seconds, generatorCpuUs: cpuUs / sent }
  } finally {
    await Promise.all([server.close(), generator.close()])
  }
}
