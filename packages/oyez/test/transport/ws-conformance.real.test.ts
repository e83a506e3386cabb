import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { WebSocket } from 'ws'
import { type FarEnd, transportChecks, type TransportWorld } from '../../src/testing/index.ts'
import type { Transport, TransportFrame } from '../../src/transport/transport.ts'
import { WsListener } from '../../src/transport/ws-listener.ts'

const MAX_FRAME_BYTES = 65_536

for (const format of ['json', 'protobuf'] as const) {
  describe(`the ws transport keeps the transport contract, with ${format} frames`, () => {
    const arrivals: ((transport: Transport) => void)[] = []
    let server: Server
    let listener: WsListener

    beforeAll(async () => {
      server = createServer()
      const accept = (transport: Transport): void => arrivals.shift()?.(transport)
      listener = new WsListener({ accepting: true, accept }, { maxFrameBytes: MAX_FRAME_BYTES }).attach(server)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    })

    afterAll(async () => {
      await listener.close()
      server.close()
    })

    const world: TransportWorld = {
      maxFrameBytes: MAX_FRAME_BYTES,
      connect: async () => {
        const arrival = new Promise<Transport>((resolve) => arrivals.push(resolve))
        const { port } = server.address() as AddressInfo
        const far = new WsFarEnd(`ws://127.0.0.1:${port}/connection/websocket?format=${format}`)
        const [transport] = await Promise.all([arrival, far.open()])
        return { transport, far }
      },
    }

    for (const check of transportChecks) it(check.name, () => check.run(() => world))
  })
}

class WsFarEnd implements FarEnd {
  readonly received: TransportFrame[] = []
  closed: FarEnd['closed']
  readonly #ws: WebSocket
  #socket: Socket | undefined

  constructor(url: string) {
    this.#ws = new WebSocket(url, { perMessageDeflate: false })
    this.#ws.on('upgrade', ({ socket }) => {
      this.#socket = socket
    })
    this.#ws.on('message', (data: Buffer, isBinary) => this.received.push(isBinary ? data : data.toString()))
    this.#ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
    })
    this.#ws.on('error', () => {})
  }

  async open(): Promise<void> {
    await once(this.#ws, 'open')
  }

  send(text: string): void {
    this.#ws.send(text)
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  hangUp(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  vanish(): void {
    this.#socket?.destroy()
  }
}
