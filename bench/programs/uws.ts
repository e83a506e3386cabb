// The second control row: uWebSockets.js, whose fan-out is native code. Two nodes joined by one Redis channel that each of them hears, as in the
// tutorial; nothing is kept. A bound from above for a node that speaks JavaScript with Redis and C++ with the sockets.
import { createRequire } from 'node:module'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import type { PlainMessage } from './plain-server.ts'
import { redisClient } from './redis-client.ts'

const REDIS_CHANNEL = 'messages'

interface UwsSocket {
  send(message: string): number
  subscribe(topic: string): boolean
}

interface UwsApp {
  ws(pattern: string, behavior: { message(socket: UwsSocket, message: ArrayBuffer): void }): UwsApp
  listen(host: string, port: number, done: (listening: unknown) => void): UwsApp
  publish(topic: string, message: string): boolean
}

interface Uws {
  App(): UwsApp
  us_socket_local_port(listening: unknown): number
}

async function start(redisUrl: string): Promise<{ readonly port: number }> {
  const uws = createRequire(import.meta.url)('@trufflesuite/uws-js-unofficial/dist/uws.js') as Uws
  const [publishing, subscribing] = await Promise.all([redisClient(redisUrl), redisClient(redisUrl)])
  const app = uws.App()

  await subscribing.subscribe(REDIS_CHANNEL, (text) => {
    const message = JSON.parse(text) as Exclude<PlainMessage, { type: 'join' }>
    const to = message.type === 'send' ? `user:${message.user}` : message.channel
    app.publish(to, JSON.stringify({ type: 'message', data: message.data }))
  })
  app.ws('/*', {
    message: (socket, bytes) => {
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
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (listening) => {
      if (listening) resolve({ port: uws.us_socket_local_port(listening) })
      else reject(new Error('uWebSockets.js could not listen'))
    })
  })
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
