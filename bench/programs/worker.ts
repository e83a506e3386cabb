// One worker of `workers.ts`.
import { createServer } from 'node:http'
import { type Bus, Hub, WsListener } from 'oyez'
import { RedisBus } from 'oyez/bus/redis'
import { WorkerBus } from 'oyez/bus/worker'
import { ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { Usage } from '../child/order.ts'
import { listen } from './plain-server.ts'

export interface WorkerQuestion {
  readonly bench: 'usage' | 'settledUsage'
}

export interface WorkerAnswer {
  readonly port?: number
  readonly usage?: Usage
}

const [, , redisUrl] = process.argv

const bus: Bus = redisUrl === undefined ? new WorkerBus() : new RedisBus({ url: redisUrl })
const hub: Hub = new Hub({
  bus,
  authenticate: ({ url }) => ({ userId: new URL(url, 'ws://localhost').searchParams.get('user') ?? '' }),
  channels: { defaults: { publish: 'anyone' } },
  onMessage: async (_, message) => {
    const { to, data } = message as { readonly to: string; readonly data: unknown }
    await hub.sendToUser(to, data)
  },
})
await hub.start()
const server = createServer()
new WsListener(hub, { origins: 'any' }).attach(server)

process.on('message', (message: Partial<WorkerQuestion> | null) => {
  if (message?.bench === 'usage') process.send?.({ usage: ownUsage() } satisfies WorkerAnswer)
  if (message?.bench === 'settledUsage') process.send?.({ usage: ownSettledUsage() } satisfies WorkerAnswer)
})
process.send?.({ port: (await listen(server)).port } satisfies WorkerAnswer)
