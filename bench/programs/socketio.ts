// Socket.IO with its Redis adapter, the way its documentation sets it up, WebSocket transport only. Nothing is kept; a dead node loses messages.
import { createServer } from 'node:http'
import { createAdapter } from '@socket.io/redis-adapter'
import { Server } from 'socket.io'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { listen } from './plain-server.ts'
import { redisClient } from './redis-client.ts'

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const timeouts = process.argv[2] === 'default-timeouts' ? 'default' : 'off'
  const [publishing, subscribing] = await Promise.all([
    redisClient(redisUrl, timeouts),
    redisClient(redisUrl, timeouts),
  ])
  const server = createServer()
  const io = new Server(server, {
    transports: ['websocket'],
    serveClient: false,
    adapter: createAdapter(publishing, subscribing),
  })
  io.on('connection', (socket) => {
    const { user } = socket.handshake.auth as { readonly user?: string }
    if (user !== undefined) void socket.join(`user:${user}`)
    socket.on('join', (channel: string, done: () => void) => {
      void socket.join(channel)
      done()
    })
    socket.on('publish', (channel: string, data: unknown) => io.to(channel).emit('message', data))
    socket.on('send', (to: string, data: unknown) => io.to(`user:${to}`).emit('message', data))
  })
  return listen(server)
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
