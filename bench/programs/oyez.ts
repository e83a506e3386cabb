// oyez embedded in an http.Server, over Redis, with its defaults: every publication is ordered, kept in the log and recoverable.
import { createServer } from 'node:http'
import { Hub, WsListener } from 'oyez'
import { RedisBus } from 'oyez/bus/redis'
import { protobufCodec } from 'oyez/codec/protobuf'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { OyezOrders } from '../child/order.ts'
import { listen } from './plain-server.ts'

let hub: Hub | undefined

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const started: Hub = new Hub({
    bus: new RedisBus({ url: redisUrl, routing: process.argv[2] === 'broadcast' ? 'broadcast' : 'interest' }),
    codecs: [protobufCodec],
    authenticate: ({ url }) => ({ userId: new URL(url, 'ws://localhost').searchParams.get('user') ?? '' }),
    channels: { defaults: { publish: 'anyone' } },
    onMessage: async (_, message) => {
      const { to, data } = message as { readonly to: string; readonly data: unknown }
      await started.sendToUser(to, data)
    },
  })
  await started.start()
  hub = started
  const server = createServer()
  new WsListener(started, { origins: 'any' }).attach(server)
  return listen(server)
}

answerOrders<OyezOrders>({
  listen: start,
  usage: ownUsage,
  settledUsage: ownSettledUsage,
  stats: () => {
    if (hub === undefined) throw new Error('the hub is not up')
    return hub.stats()
  },
})
