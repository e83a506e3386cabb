import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A sentinel that says what the test tells it to, over a real socket. */
export class ScriptedSentinel {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Port of the master, and the epoch that this sentinel knows it under. */
  master: number
  epoch: number
  /** Takes questions and answers none. */
  isMute = false

  private constructor(master: number, epoch: number) {
    this.master = master
    this.epoch = epoch
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('data', (chunk) => this.#answer(socket, chunk.toString()))
    })
  }

  static async start(master: number, epoch: number): Promise<ScriptedSentinel> {
    const sentinel = new ScriptedSentinel(master, epoch)
    await new Promise<void>((resolve) => sentinel.#server.listen(0, '127.0.0.1', resolve))
    return sentinel
  }

  get endpoint(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  /** Tells everybody who listens that the master is another one. */
  announce(master: number, epoch: number): void {
    const from = this.master
    this.master = master
    this.epoch = epoch
    const news = `town 127.0.0.1 ${from} 127.0.0.1 ${master}`
    for (const socket of this.#sockets) {
      socket.write(`>3\r\n${bulk('message')}${bulk('+switch-master')}${bulk(news)}`)
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(socket: Socket, chunk: string): void {
    for (const request of chunk.split(/(?=\*\d+\r\n\$)/)) {
      const [name = '', verb = ''] = request.split('\r\n').filter((_, index) => index > 0 && index % 2 === 0)
      if (name.toUpperCase() === 'HELLO') socket.write('%1\r\n+server\r\n+redis\r\n')
      else if (name.toUpperCase() === 'SUBSCRIBE') {
        socket.write(`>3\r\n${bulk('subscribe')}${bulk('+switch-master')}:1\r\n`)
      } else if (verb === 'SENTINELS') socket.write('*0\r\n')
      else if (verb === 'MASTER' && !this.isMute) {
        const fields = ['ip', '127.0.0.1', 'port', String(this.master), 'config-epoch', String(this.epoch)]
        socket.write(`*${fields.length}\r\n${fields.map(bulk).join('')}`)
      }
    }
  }
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}
