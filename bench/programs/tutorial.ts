// What the tutorials build: `ws`, and one Redis channel that every server hears. Nothing is kept; what is lost is lost.
import type { WebSocket } from 'ws'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { listen, type PlainMessage, plainServer, Sockets } from './plain-server.ts'
import { redisClient } from './redis-client.ts'

const REDIS_CHANNEL = 'messages'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const [publishing, subscribing] = await Promise.all([redisClient(redisUrl), redisClient(redisUrl)])
  const sockets = new Sockets<WebSocket>()

  await subscribing.subscribe(REDIS_CHANNEL, (text) => {
    const message = JSON.parse(text) as Exclude<PlainMessage, { type: 'join' }>
    const frame = JSON.stringify({ type: 'message', data: message.data })
    for (const socket of sockets.of(message.type === 'send' ? `user:${message.user}` : message.channel))
      socket.send(frame)
  })

  const server = plainServer(
    (socket, message) => {
      if (message.type !== 'join') void publishing.publish(REDIS_CHANNEL, JSON.stringify(message))
      else {
        if (message.channel !== undefined) sockets.add(message.channel, socket)
        if (message.user !== undefined) sockets.add(`user:${message.user}`, socket)
        socket.send('{"type":"joined"}')
      }
    },
    (socket) => sockets.delete(socket),
  )
  return listen(server)
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
