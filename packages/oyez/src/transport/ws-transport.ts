import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { Pack, PackedFrames, Transport, TransportHandler } from './transport.ts'
import { packBinary, packText } from './ws-frame.ts'

const NO_STATUS = 1005
const ABNORMAL = 1006
const TOO_BIG = 1009

/**
 * One WebSocket of the `ws` library. Ready-made frames go straight to the socket that the HTTP server handed over, beside ws's own
 * writer: safe because compression is off and ws, which then writes only control frames, writes each of them in one piece.
 */
export class WsTransport implements Transport {
  readonly pack: Pack
  readonly #ws: WebSocket
  readonly #socket: Duplex
  #tooBig = false

  /** @param binary - Whether frames travel as binary messages. */
  constructor(ws: WebSocket, socket: Duplex, binary: boolean) {
    this.#ws = ws
    this.#socket = socket
    this.pack = binary ? packBinary : packText
    // From the first byte on: an error without a listener would end the process. The `close` event that follows says all that is needed.
    ws.on('error', (error: Error & { code?: string }) => {
      this.#tooBig ||= error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    })
  }

  get bufferedAmount(): number {
    return this.#socket.writableLength
  }

  start(handler: TransportHandler): void {
    const onDrain = (): void => handler.onDrain()
    this.#socket.on('drain', onDrain)
    this.#ws.on('message', (data: RawData, isBinary: boolean) => {
      const bytes = toBuffer(data)
      handler.onFrame(isBinary ? bytes : bytes.toString('utf8'))
    })
    this.#ws.on('close', (code: number, reason: Buffer) => {
      this.#socket.off('drain', onDrain)
      handler.onClose(
        this.#tooBig ? TOO_BIG : code === NO_STATUS ? NO_STATUS : code || ABNORMAL,
        reason.toString('utf8'),
      )
    })
  }

  write(packed: PackedFrames): void {
    if (this.#ws.readyState === this.#ws.OPEN && this.#socket.writable) this.#socket.write(packed.bytes)
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
