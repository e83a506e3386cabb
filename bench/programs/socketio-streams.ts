// Socket.IO with its Redis streams adapter and connection state recovery, the way its documentation sets it up: what was missed can be had again
// while the node that the client was on lives long enough to say goodbye.
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-streams-adapter'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { listen } from './plain-server.ts'
import { redisClient } from './redis-client.ts'
import { socketioServer } from './socketio-server.ts'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const server = createServer()
  socketioServer(server, {
    adapter: createAdapter(await redisClient(redisUrl)),
    connectionStateRecovery: { maxDisconnectionDuration: 2 * 60_000, skipMiddlewares: true },
  })
  return listen(server)
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
