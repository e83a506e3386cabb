// oyez on an app of uWebSockets.js, over Redis, with its defaults: the same work as `oyez.ts`, another transport.
import { Hub } from 'oyez'
import { RedisBus } from 'oyez/bus/redis'
import { UwsListener } from 'oyez/transport/uws'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { uwsApp } from './uws-app.ts'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const { app, listen } = uwsApp()
  const hub: Hub = new Hub({
    bus: new RedisBus({ url: redisUrl }),
    authenticate: ({ url }) => ({ userId: new URL(url, 'ws://localhost').searchParams.get('user') ?? '' }),
    channels: { defaults: { publish: 'anyone' } },
  })
  await hub.start()
  new UwsListener(hub, { origins: 'any' }).attach(app)
  return listen()
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
