// Checks the load generator: writes a known number of publications in awkward pieces, and says how many. The generator must count the same.
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTick } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { CountingOrders } from '../child/order.ts'
import { serverTextFrame } from './frames.ts'
import { listen } from './plain-server.ts'

/** Between two publications now and then: no publication, and must not be counted. */
const NOISE = serverTextFrame('{"type":"pong"}')
const SHORTEST_PADDING = 40
const LONGEST_PADDING = 64_000

const sockets: Duplex[] = []

function start(): Promise<{ readonly port: number }> {
  const server = createServer()
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  server.on('upgrade', (request, raw, head) => {
    webSockets.handleUpgrade(request, raw, head, () => {
      sockets.push(raw)
      raw.write(serverTextFrame('{"type":"joined"}'))
    })
  })
  return listen(server)
}

/** One publication; one in fifty is much longer, so that every form of the length field below 64 KiB is met. */
function publication(number: number): Buffer {
  const padding = SHORTEST_PADDING + (number % 50 === 0 ? (number * 37) % LONGEST_PADDING : 0)
  return serverTextFrame(`{"type":"message","data":"${'.'.repeat(padding)}"}`)
}

async function burst(publications: number): Promise<{ readonly sent: number }> {
  let sent = 0
  for (let number = 0; number < publications; ) {
    const batch: Buffer[] = []
    for (let size = 1 + (number % 16); size > 0 && number < publications; size--) {
      batch.push(publication(number++))
      if (number % 7 === 0) batch.push(NOISE)
      sent += sockets.length
    }
    const bytes = Buffer.concat(batch)
    // Cut anywhere: inside a header, inside a payload, between frames.
    const cut = (number * 7_919) % bytes.length
    for (const socket of sockets) socket.write(bytes.subarray(0, cut))
    await nextTick()
    for (const socket of sockets) socket.write(bytes.subarray(cut))
    await nextTick()
  }
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.write('', () => resolve()))))
  return { sent }
}

answerOrders<CountingOrders>({ listen: start, usage: ownUsage, settledUsage: ownSettledUsage, burst })
