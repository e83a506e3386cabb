// oyez embedded in an http.Server, over Redis, with its defaults: every publication is ordered, kept in the log and recoverable.
import { createServer } from 'node:http'
import { Hub, WsListener } from 'oyez'
import { RedisBus } from 'oyez/bus/redis'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { listen } from './plain-server.ts'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const hub: Hub = new Hub({
    bus: new RedisBus({ url: redisUrl }),
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
  return listen(server)
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
