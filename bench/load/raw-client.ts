import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Aim, Dialect } from '../dialects/dialect.ts'
import { OPCODE_CLOSE, OPCODE_PING, pongFrame, textFrame } from './frame.ts'

/** All sockets read into the same memory, one after the other: no allocation for a chunk. */
const sharedChunk = Buffer.allocUnsafe(256 * 1024)
const NOTHING = Buffer.alloc(0)
const END_OF_HEAD = '\r\n\r\n'

/** What a client tells the run it belongs to. */
export interface RawClientListener {
  /** A publication came: its frame's payload lies between `start` and the client's `payloadEnd`. The bytes are valid during the call only. */
  onPublication(client: RawClient, bytes: Buffer, start: number): void
  /** A chunk was read to its end: time to decide whether to publish more. */
  onChunkEnd(): void
  /** The client cannot be used any more, and was not closed by us. */
  onFailure(error: Error): void
}

export interface RawClientOptions {
  readonly port: number
  readonly dialect: Dialect
  readonly aim: Aim
  readonly listener: RawClientListener
  /** Whether the run looks at the age of what this client receives. */
  readonly sampled: boolean
}

/**
 * A WebSocket client that does as little as possible: after the handshake it reads frame headers and looks at two bytes of a payload. Nothing is
 * parsed, nothing copied unless a chunk ends inside a frame.
 */
export class RawClient {
  readonly aim: Aim
  readonly sampled: boolean
  /** Publications received. */
  received = 0
  /** Where the payload of the publication being handed over ends. */
  payloadEnd = 0
  readonly #dialect: Dialect
  readonly #listener: RawClientListener
  readonly #socket: Socket
  readonly #opened: { resolve(): void; reject(error: Error): void }
  #state: 'upgrade' | 'handshake' | 'live' | 'closed' = 'upgrade'
  #rest: Buffer = NOTHING

  /** Settles when the server has confirmed what the client asked for. */
  readonly ready: Promise<void>

  constructor({ port, dialect, aim, listener, sampled }: RawClientOptions) {
    this.aim = aim
    this.sampled = sampled
    this.#dialect = dialect
    this.#listener = listener
    let opened: { resolve(): void; reject(error: Error): void } | undefined
    this.ready = new Promise<void>((resolve, reject) => {
      opened = { resolve, reject }
    })
    this.#opened = opened as unknown as { resolve(): void; reject(error: Error): void }
    this.#socket = connect({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: {
        buffer: sharedChunk,
        callback: (length, bytes) => {
          this.#onChunk((bytes as Buffer).subarray(0, length))
          return true
        },
      },
    })
    this.#socket.on('connect', () => this.#socket.write(this.#upgradeRequest()))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** Sends ready-made frames. */
  write(frames: Buffer): void {
    this.#socket.write(frames)
  }

  /** Stops to read, for good: what the server goes on writing piles up. */
  stall(): void {
    this.#socket.pause()
  }

  /** Everything that came in so far, the upgrade included. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  close(): void {
    this.#state = 'closed'
    this.#socket.destroy()
  }

  #upgradeRequest(): string {
    return [
      `GET ${this.#dialect.path(this.aim)} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      END_OF_HEAD.slice(2),
    ].join('\r\n')
  }

  #onChunk(chunk: Buffer): void {
    let bytes = chunk
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, chunk])
      this.#rest = NOTHING
    }
    let at = 0
    try {
      if (this.#state === 'upgrade') {
        at = this.#readUpgradeAnswer(bytes)
        if (at === 0) {
          this.#rest = Buffer.from(bytes)
          return
        }
      }
      at = this.#readFrames(bytes, at)
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at))
    if (this.#state === 'live') this.#listener.onChunkEnd()
  }

  #readUpgradeAnswer(bytes: Buffer): number {
    const end = bytes.indexOf(END_OF_HEAD)
    if (end < 0) return 0
    const head = bytes.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`upgrade refused: ${head.split('\r\n', 1)[0]}`)
    this.#state = 'handshake'
    for (const text of this.#dialect.hello(this.aim)) this.#socket.write(textFrame(text))
    if (this.#dialect.readyOnUpgrade) this.#becomeReady()
    return end + END_OF_HEAD.length
  }

  /** Reads whole frames and returns where the first incomplete one begins. */
  #readFrames(bytes: Buffer, from: number): number {
    let at = from
    const end = bytes.length
    while (at + 2 <= end) {
      let length = (bytes[at + 1] as number) & 0x7f
      let start = at + 2
      if (length === 126) {
        if (start + 2 > end) break
        length = bytes.readUInt16BE(start)
        start += 2
      } else if (length === 127) {
        if (start + 8 > end) break
        length = Number(bytes.readBigUInt64BE(start))
        start += 8
      }
      if (start + length > end) break
      if (this.#state === 'live' && this.#dialect.isPublication(bytes, start, length)) {
        this.received++
        this.payloadEnd = start + length
        this.#listener.onPublication(this, bytes, start)
      } else this.#onOtherFrame((bytes[at] as number) & 0x0f, bytes.subarray(start, start + length))
      at = start + length
    }
    return at
  }

  #onOtherFrame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE_PING) this.#socket.write(pongFrame)
    else if (opcode === OPCODE_CLOSE) throw new Error(`closed by the server: ${payload.toString('utf8', 2)}`)
    else if (payload.length === this.#dialect.heartbeat?.length)
      this.#socket.write(textFrame(this.#dialect.heartbeat.answer))
    else if (this.#state === 'handshake') {
      const { reply, ready } = this.#dialect.onHandshake(payload.toString(), this.aim)
      if (reply !== undefined) this.#socket.write(textFrame(reply))
      if (ready) this.#becomeReady()
    } else if (payload.includes('"error"')) throw new Error(`the server answered: ${payload.toString()}`)
  }

  #becomeReady(): void {
    this.#state = 'live'
    this.#opened.resolve()
  }

  #fail(error: Error): void {
    if (this.#state === 'closed') return
    const live = this.#state === 'live'
    this.close()
    this.#opened.reject(error)
    if (live) this.#listener.onFailure(error)
  }
}
