// The second control row: uWebSockets.js, whose fan-out is native code. Two nodes joined by one Redis channel that each of them hears, as in the
// tutorial; nothing is kept. A bound from above for a node that speaks JavaScript with Redis and C++ with the sockets.
import type { WebSocket } from '@trufflesuite/uws-js-unofficial'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import type { PlainMessage } from './plain-server.ts'
import { redisClient } from './redis-client.ts'
import { uwsApp } from './uws-app.ts'

const REDIS_CHANNEL = 'messages'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const { app, listen } = uwsApp()
  const [publishing, subscribing] = await Promise.all([redisClient(redisUrl), redisClient(redisUrl)])

  await subscribing.subscribe(REDIS_CHANNEL, (text) => {
    const message = JSON.parse(text) as Exclude<PlainMessage, { type: 'join' }>
    const to = message.type === 'send' ? `user:${message.user}` : message.channel
    app.publish(to, JSON.stringify({ type: 'message', data: message.data }))
  })
  app.ws('/*', {
    maxPayloadLength: 65_536,
    // Who has more than this to read is left out, silently: as much as the hub lets wait.
    maxBackpressure: 1_048_576,
    message: (socket: WebSocket<unknown>, bytes) => {
      const text = Buffer.from(bytes).toString()
      const message = JSON.parse(text) as PlainMessage
      if (message.type !== 'join') void publishing.publish(REDIS_CHANNEL, text)
      else {
        if (message.channel !== undefined) socket.subscribe(message.channel)
        if (message.user !== undefined) socket.subscribe(`user:${message.user}`)
        socket.send('{"type":"joined"}')
      }
    },
  })
  return listen()
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
