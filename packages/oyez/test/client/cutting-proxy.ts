import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy in front of a node that loses connections when the test says so. */
export class CuttingProxy {
  /** Whether what the node says is thrown away: requests arrive, answers do not. */
  deaf = false
  readonly #server: Server
  readonly #port: number
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, target: string) {
    this.#server = server
    this.#port = Number(new URL(target).port)
    server.on('connection', (near) => this.#join(near))
  }

  static async start(target: string): Promise<CuttingProxy> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new CuttingProxy(server, target)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/connection/websocket`
  }

  /** Ends every connection abruptly, and hears again. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.deaf = false
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket): void {
    const far = connect(this.#port, '127.0.0.1')
    const pairs = [
      [near, far],
      [far, near],
    ] as const
    for (const [from, to] of pairs) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (bytes) => {
        if (!(from === far && this.deaf)) to.write(bytes)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}
