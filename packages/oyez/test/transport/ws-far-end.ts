import { once } from 'node:events'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { FarEnd } from '../../src/testing/index.ts'
import type { TransportFrame } from '../../src/transport/transport.ts'

/** The client's end of a transport that speaks WebSocket. */
export class WsFarEnd implements FarEnd {
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
