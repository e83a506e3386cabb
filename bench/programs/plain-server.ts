import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** What a client of the tutorial says. */
export type PlainMessage =
  | { readonly type: 'join'; readonly channel?: string; readonly user?: string }
  | { readonly type: 'publish'; readonly channel: string; readonly data: unknown }
  | { readonly type: 'send'; readonly user: string; readonly data: unknown }

/** Listens on a free loopback port. */
export async function listen(server: Server): Promise<{ readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve))
  return { port: (server.address() as AddressInfo).port }
}

/** Keeps who wants what, the way the tutorial does: a set of sockets by name. */
export class Sockets<S> {
  readonly #byName = new Map<string, Set<S>>()

  add(name: string, socket: S): void {
    const sockets = this.#byName.get(name)
    if (sockets === undefined) this.#byName.set(name, new Set([socket]))
    else sockets.add(socket)
  }

  delete(socket: S): void {
    for (const [name, sockets] of this.#byName) {
      if (sockets.delete(socket) && sockets.size === 0) this.#byName.delete(name)
    }
  }

  of(name: string): ReadonlySet<S> {
    return this.#byName.get(name) ?? (NOBODY as ReadonlySet<S>)
  }
}

const NOBODY: ReadonlySet<never> = new Set<never>()

/** An HTTP server whose WebSocket messages are the tutorial's JSON. */
export function plainServer(
  onMessage: (socket: WebSocket, message: PlainMessage) => void,
  onGone: (socket: WebSocket) => void,
): Server {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => onMessage(socket, JSON.parse(data.toString()) as PlainMessage))
    socket.on('close', () => onGone(socket))
  })
  return server
}
