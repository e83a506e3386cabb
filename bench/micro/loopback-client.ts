import type { IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'

const MASK_BIT = 0x80
/** Length announced in the next two bytes. */
const LENGTH_16 = 126

/**
 * A WebSocket client without a network: what it sends is handed to the server's own code in memory, what the server writes is counted and dropped. So a
 * measurement shows what the server's program costs, without the price of the kernel's write calls, which is the same whatever the program does.
 */
export class LoopbackClient {
  /** Write calls that the server made. */
  writes = 0
  /** Bytes that the server wrote. */
  bytes = 0
  readonly #socket: Duplex

  constructor(server: Server, path: string) {
    const written = (chunk: Buffer): void => {
      this.writes += 1
      this.bytes += chunk.length
    }
    this.#socket = new Duplex({
      read() {},
      write(chunk: Buffer, _, done) {
        written(chunk)
        done()
      },
    })
    // What `ws` and http call on a socket of net.
    Object.assign(this.#socket, { setTimeout: () => {}, setNoDelay: () => {}, remoteAddress: '127.0.0.1' })
    const request = {
      method: 'GET',
      url: path,
      headers: {
        host: 'localhost',
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'sec-websocket-version': '13',
      },
      socket: this.#socket,
    }
    server.emit('upgrade', request as unknown as IncomingMessage, this.#socket, Buffer.alloc(0))
  }

  /** Sends a text frame. */
  send(text: string): void {
    this.#socket.push(frameOf(text))
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** A masked text frame; the mask is zero, which leaves the text as it is and costs the server the same. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text)
  const { length } = payload
  const head = length < LENGTH_16 ? [0x81, MASK_BIT | length] : [0x81, MASK_BIT | LENGTH_16, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload])
}
