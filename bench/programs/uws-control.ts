// The other control row: uWebSockets.js with its own publish, in C++, and one Redis channel that every node hears. Nothing is kept. An upper bound for
// what a Node process can deliver.
import type { TemplatedApp, WebSocket } from '@trufflesuite/uws-js-unofficial'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import type { PlainMessage } from './plain-server.ts'
import { redisClient } from './redis-client.ts'
import { uwsApp } from './uws-app.ts'

const REDIS_CHANNEL = 'messages'
/** What a client must have read before it is left out: as much as the hub lets wait. */
const MAX_BACKPRESSURE = 1_048_576

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const { app, listen } = uwsApp()
  const [publishing, subscribing] = await Promise.all([redisClient(redisUrl), redisClient(redisUrl)])
  await subscribing.subscribe(REDIS_CHANNEL, (text) => {
    const message = JSON.parse(text) as Exclude<PlainMessage, { type: 'join' }>
    const name = message.type === 'send' ? `user:${message.user}` : message.channel
    app.publish(name, JSON.stringify({ type: 'message', data: message.data }))
  })
  serve(app, (message) => void publishing.publish(REDIS_CHANNEL, JSON.stringify(message)))
  return listen()
}

function serve(app: TemplatedApp, publish: (message: PlainMessage) => void): void {
  app.ws('/*', {
    maxBackpressure: MAX_BACKPRESSURE,
    message: (socket: WebSocket<unknown>, bytes) => {
      const message = JSON.parse(Buffer.from(bytes).toString()) as PlainMessage
      if (message.type !== 'join') return publish(message)
      if (message.channel !== undefined) socket.subscribe(message.channel)
      if (message.user !== undefined) socket.subscribe(`user:${message.user}`)
      socket.send('{"type":"joined"}')
    },
  })
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
