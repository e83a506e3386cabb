import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import type { HubOptions } from '../../src/hub/options.ts'
import { WsListener, type WsListenerOptions } from '../../src/transport/ws-listener.ts'

/** A hub behind a real server on a free loopback port. */
export interface Listening {
  readonly hub: Hub
  readonly server: Server
  readonly listener: WsListener
  readonly port: number
  readonly url: string
}

export interface ListeningOptions {
  readonly hub?: Partial<HubOptions>
  readonly listener?: WsListenerOptions
}

/** Opens servers and raw sockets; all are closed after each test. */
export interface ListenerFixture {
  listen(options?: ListeningOptions): Promise<Listening>
  /** Sends an HTTP request as it stands and resolves with what came back until the head of the answer, or the end. */
  request(port: number, lines: readonly string[]): Promise<string>
  /** A bare TCP connection. */
  tcp(port: number): Promise<Socket>
}

export function useListeners(): ListenerFixture {
  const opened: Listening[] = []
  const sockets: Socket[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const { hub, server, listener } of opened.splice(0)) {
      const stopped = new Promise((resolve) => server.close(resolve))
      await listener.close()
      await hub.close()
      server.closeAllConnections()
      await stopped
    }
  })
  const tcp = async (port: number): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    sockets.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }
  return {
    tcp,
    async listen({ hub: hubOptions, listener: listenerOptions } = {}) {
      const hub = new Hub({
        bus: new MemoryBus(),
        authenticate: ({ token }) => ({ userId: token }),
        channels: { defaults: { publish: 'anyone' } },
        ...hubOptions,
      })
      await hub.start()
      const server = createServer((_, response) => response.end('plain'))
      const listener = new WsListener(hub, listenerOptions).attach(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const listening = { hub, server, listener, port, url: `ws://127.0.0.1:${port}/connection/websocket` }
      opened.push(listening)
      return listening
    },
    async request(port, lines) {
      const socket = await tcp(port)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      let answer = ''
      return new Promise((resolve) => {
        socket.on('data', (data) => {
          answer += data.toString('latin1')
          if (answer.includes('\r\n\r\n')) resolve(answer)
        })
        socket.on('close', () => resolve(answer))
      })
    },
  }
}

/** The lines of a well-formed upgrade, with some replaced or added. */
export function upgrade(
  port: number,
  { path = '/connection/websocket', extra = [] as readonly string[] } = {},
): string[] {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...extra,
  ]
}

/** The status of an HTTP answer. */
export function status(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/u.exec(answer)?.[1])
}
