import type { Pack, PackedFrames, Transport, TransportHandler } from '../transport.ts'
import type { UwsSocket } from './uws-app.ts'
import { packUwsBinary, packUwsText, payloadsOf } from './uws-frame.ts'

const ABNORMAL = 1006
const TOO_BIG = 1009
const NO_FRAMES: readonly Uint8Array[] = []

/**
 * One WebSocket of uWebSockets.js. The listener hands it what the app's callbacks say about the socket, which is let go of in the moment in which it
 * closes: touching it later throws.
 */
export class UwsTransport implements Transport {
  readonly pack: Pack
  readonly #isBinary: boolean
  #socket: UwsSocket | undefined
  #handler: TransportHandler | undefined
  #closed: { readonly code: number; readonly reason: string } | undefined
  /** What is being written; here so that a write makes no closure. */
  #payloads: readonly Uint8Array[] = NO_FRAMES
  readonly #sendAll = (): void => {
    for (const payload of this.#payloads) this.#socket?.send(payload, this.#isBinary)
  }

  /** @param isBinary - Whether frames travel as binary messages. */
  constructor(socket: UwsSocket, isBinary: boolean) {
    this.#socket = socket
    this.#isBinary = isBinary
    this.pack = isBinary ? packUwsBinary : packUwsText
  }

  get bufferedAmount(): number {
    return this.#socket?.getBufferedAmount() ?? 0
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    if (this.#closed !== undefined) this.#tellClosed()
  }

  write(packed: PackedFrames): void {
    if (this.#socket === undefined) return
    const payloads = payloadsOf(packed)
    const [first] = payloads
    if (payloads.length === 1 && first !== undefined) {
      this.#socket.send(first, this.#isBinary)
      return
    }
    this.#payloads = payloads
    this.#socket.cork(this.#sendAll)
    this.#payloads = NO_FRAMES
  }

  close(code: number, reason: string): void {
    this.#socket?.end(code, reason)
  }

  terminate(): void {
    this.#socket?.close()
  }

  /** A message came, small enough. The memory is the app's and valid during the call only. */
  onMessage(message: ArrayBuffer, isBinary: boolean): void {
    if (this.#closed !== undefined) return
    // Copied: decoded payloads are kept for longer.
    if (isBinary) this.#handler?.onFrame(new Uint8Array(message.slice(0)))
    else this.#handler?.onFrame(Buffer.from(message).toString('utf8'))
  }

  /** A message came that is larger than the limit. */
  onOversized(): void {
    const socket = this.#socket
    this.#finish(TOO_BIG, '')
    socket?.end(TOO_BIG, 'message too big')
  }

  /** Some of what had piled up was taken by the operating system. */
  onProgress(): void {
    if (this.bufferedAmount === 0) this.#handler?.onDrain()
  }

  /** The socket is gone. Called from inside `close` and `terminate`, too. */
  onSocketClosed(code: number, message: ArrayBuffer): void {
    const reason = Buffer.from(message).toString('utf8')
    // uWebSockets.js cuts the connection and tells why in words of its own.
    if (code === ABNORMAL) this.#finish(reason === 'Received too big message' ? TOO_BIG : ABNORMAL, '')
    else this.#finish(code, reason)
  }

  #finish(code: number, reason: string): void {
    if (this.#closed !== undefined) return
    this.#closed = { code, reason }
    this.#socket = undefined
    if (this.#handler !== undefined) this.#tellClosed()
  }

  #tellClosed(): void {
    // Never from inside `start`, `close` or `terminate`.
    queueMicrotask(() => {
      const handler = this.#handler
      this.#handler = undefined
      if (this.#closed !== undefined) handler?.onClose(this.#closed.code, this.#closed.reason)
    })
  }
}
