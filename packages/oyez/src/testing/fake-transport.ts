import type { PackedFrames, Transport, TransportFrame, TransportHandler } from '../transport/transport.ts'

/** How a connection ended. */
export interface FakeClose {
  readonly code: number
  readonly reason: string
}

/**
 * A client's connection without a network, for tests of what speaks to one: it collects what was written, hands in what the "client" sends
 * and can be a client that does not read.
 *
 * Like a real transport it never calls its handler from inside `write`, `close` or `terminate`; frames received before `start` wait for it.
 */
export class FakeTransport implements Transport {
  readonly pack: (frames: readonly TransportFrame[]) => PackedFrames = packFrames
  readonly #frames: TransportFrame[] = []
  readonly #early: TransportFrame[] = []
  readonly #watchers = new Set<() => void>()
  #handler: TransportHandler | undefined
  #state: 'open' | 'closing' | 'closed' = 'open'
  #bufferedAmount = 0
  #stalled = false
  #writes = 0
  #closedWith: FakeClose | undefined
  #terminated = false

  get bufferedAmount(): number {
    return this.#bufferedAmount
  }

  /** Everything written so far, frame by frame, in order; also what a stalled client has not read yet. */
  get frames(): readonly TransportFrame[] {
    return this.#frames
  }

  /** Calls of `write`. */
  get writes(): number {
    return this.#writes
  }

  /** What `close` was called with first; `undefined` while it was not. */
  get closedWith(): FakeClose | undefined {
    return this.#closedWith
  }

  /** Whether `terminate` was called. */
  get terminated(): boolean {
    return this.#terminated
  }

  /** Whether the connection is gone: `onClose` was called or is about to be. */
  get closed(): boolean {
    return this.#state === 'closed'
  }

  start(handler: TransportHandler): void {
    if (this.#handler !== undefined) throw new Error('a transport is started once')
    this.#handler = handler
    for (const frame of this.#early.splice(0)) this.receive(frame)
  }

  write(packed: PackedFrames): void {
    if (this.#state !== 'open') return
    this.#writes += 1
    this.#frames.push(...unpackFrames(packed))
    if (this.#stalled) this.#bufferedAmount += packed.bytes.byteLength
    this.#wake()
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#closedWith = { code, reason }
    this.#wake()
    queueMicrotask(() => this.hangUp(code, reason))
  }

  terminate(): void {
    if (this.#state === 'closed') return
    this.#terminated = true
    this.#wake()
    queueMicrotask(() => this.hangUp(1006, ''))
  }

  /** The client sends a frame. */
  receive(frame: TransportFrame): void {
    if (this.#state === 'closed') return
    if (this.#handler === undefined) this.#early.push(frame)
    else this.#handler.onFrame(frame)
  }

  /** The client goes away: with a code, or without a word. */
  hangUp(code = 1006, reason = ''): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#handler?.onClose(code, reason)
    this.#wake()
  }

  /** From now on the client reads nothing: `bufferedAmount` grows with every write. */
  stall(): void {
    this.#stalled = true
  }

  /** The client reads again, and has read everything. */
  drain(): void {
    this.#stalled = false
    if (this.#bufferedAmount === 0) return
    this.#bufferedAmount = 0
    if (this.#state !== 'closed') this.#handler?.onDrain()
  }

  /** Takes out what was written so far, so that the next look begins after it. */
  take(): TransportFrame[] {
    return this.#frames.splice(0)
  }

  /** Resolves when `test` holds; looked at now and after every write and close. It has no time limit of its own: the test has. */
  until(test: (transport: FakeTransport) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!test(this)) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  #wake(): void {
    for (const look of this.#watchers) look()
  }
}

const TEXT = 0
const BINARY = 1
const HEADER_BYTES = 5

/** The pack function of all fake transports: per frame one byte for its kind, four for its length, then its bytes. */
function packFrames(frames: readonly TransportFrame[]): PackedFrames {
  const parts: Uint8Array[] = []
  for (const frame of frames) {
    const body = typeof frame === 'string' ? Buffer.from(frame) : frame
    const header = Buffer.alloc(HEADER_BYTES)
    header[0] = typeof frame === 'string' ? TEXT : BINARY
    header.writeUInt32BE(body.byteLength, 1)
    parts.push(header, body)
  }
  return { bytes: Buffer.concat(parts) }
}

/** The frames that a {@link FakeTransport} packed. */
export function unpackFrames(packed: PackedFrames): TransportFrame[] {
  const { buffer, byteOffset, byteLength } = packed.bytes
  const bytes = Buffer.from(buffer, byteOffset, byteLength)
  const frames: TransportFrame[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 1)
    const body = bytes.subarray(at + HEADER_BYTES, end)
    frames.push(bytes[at] === TEXT ? body.toString() : new Uint8Array(body))
    at = end
  }
  return frames
}
