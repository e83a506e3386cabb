// Socket.IO with its Redis adapter, the way its documentation sets it up. Nothing is kept; a dead node loses messages.
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { listen } from './plain-server.ts'
import { redisClient } from './redis-client.ts'
import { socketioServer } from './socketio-server.ts'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const timeouts = process.argv[2] === 'default-timeouts' ? 'default' : 'off'
  const [publishing, subscribing] = await Promise.all([
    redisClient(redisUrl, timeouts),
    redisClient(redisUrl, timeouts),
  ])
  const server = createServer()
  socketioServer(server, { adapter: createAdapter(publishing, subscribing) })
  return listen(server)
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
