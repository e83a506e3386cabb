import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePort } from '../../fixture/redis-server.ts'

/** Stands before a server and can stop forwarding what it says to subscribers, while every socket stays open. */
export class HalfOpenProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #subscribers = new Set<Socket>()

  private constructor(port: number, target: number) {
    this.port = port
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1')
      this.#sockets.add(client).add(upstream)
      client.on('data', (chunk) => {
        if (/subscribe\r\n/i.test(chunk.toString('latin1'))) this.#subscribers.add(upstream)
        upstream.write(chunk)
      })
      upstream.on('data', (chunk) => client.write(chunk))
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
      }
    })
  }

  static async start(target: number): Promise<HalfOpenProxy> {
    const proxy = new HalfOpenProxy(await freePort(), target)
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.port, '127.0.0.1', resolve))
    return proxy
  }

  silenceSubscribers(): void {
    for (const upstream of this.#subscribers) upstream.pause()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
