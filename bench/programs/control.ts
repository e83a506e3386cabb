// The control row: the least that a `ws` server can do. One process, no Redis, no log, nothing between the publisher and the sockets; a frame is
// made once, and what came in one tick is written to each subscriber in one write. An upper bound for everything that is built on `ws`.
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders } from '../child/order.ts'
import { serverTextFrame } from './frames.ts'
import { listen, type PlainMessage, Sockets } from './plain-server.ts'

function start(): Promise<{ readonly port: number }> {
  const subscribers = new Sockets<Duplex>()
  const pending = new Map<string, Buffer[]>()

  const flush = (): void => {
    for (const [name, frames] of pending) {
      const bytes = frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames)
      for (const subscriber of subscribers.of(name)) subscriber.write(bytes)
    }
    pending.clear()
  }
  const deliver = (name: string, data: unknown): void => {
    if (pending.size === 0) setImmediate(flush)
    const frame = serverTextFrame(JSON.stringify({ type: 'message', data }))
    const frames = pending.get(name)
    if (frames === undefined) pending.set(name, [frame])
    else frames.push(frame)
  }

  const server = createServer()
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  server.on('upgrade', (request, raw, head) => {
    webSockets.handleUpgrade(request, raw, head, (webSocket) => {
      webSocket.on('message', (bytes: Buffer) => {
        const message = JSON.parse(bytes.toString()) as PlainMessage
        if (message.type === 'publish') deliver(message.channel, message.data)
        else if (message.type === 'send') deliver(`user:${message.user}`, message.data)
        else {
          if (message.channel !== undefined) subscribers.add(message.channel, raw)
          if (message.user !== undefined) subscribers.add(`user:${message.user}`, raw)
          raw.write(serverTextFrame('{"type":"joined"}'))
        }
      })
      webSocket.on('close', () => subscribers.delete(raw))
    })
  })
  return listen(server)
}

answerOrders<ServerOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage })
