import type { AcceptRequest, PackedFrames, Transport, TransportFrame, TransportHandler } from 'oyez'
import type { WebSocketLike } from 'oyez/client'
import type { Random } from '../random.ts'
import type { FakeClock } from './fake-clock.ts'

/** Where a simulated client connects to. */
export interface Door {
  /** A connection arrived. @returns Whether somebody is there. */
  open(link: Link, request: AcceptRequest): boolean
}

export interface LinkWorld {
  readonly clock: FakeClock
  readonly random: Random
  readonly links: Set<Link>
  proxy(url: string): Door | undefined
}

const HEADER_BYTES = 4

/** One simulated connection between a client and a node: the server's side of it is its transport, the client's side its socket. */
export class Link implements Transport {
  readonly pack: (frames: readonly TransportFrame[]) => PackedFrames = packFrames
  readonly #world: LinkWorld
  readonly #socket: SimSocket
  #handler: TransportHandler | undefined
  #early: string[] = []
  #state: 'open' | 'silent' | 'closed' = 'open'
  /** Frames on the way down that the client does not take for the moment. */
  #held: (() => void)[] | undefined
  #lastDown = 0
  #lastUp = 0
  #isClosing = false
  bufferedAmount = 0

  constructor(world: LinkWorld, socket: SimSocket) {
    this.#world = world
    this.#socket = socket
    world.links.add(this)
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  start(handler: TransportHandler): void {
    this.#handler = handler
    for (const text of this.#early.splice(0)) handler.onFrame(text)
  }

  write({ bytes }: PackedFrames): void {
    if (this.#state === 'closed' || this.#isClosing) return
    this.bufferedAmount += bytes.length
    const frames = unpackFrames(bytes)
    const size = bytes.length
    this.#down(() => {
      for (const frame of frames) this.#socket.receive(frame)
      this.bufferedAmount -= size
      if (this.bufferedAmount === 0) this.#handler?.onDrain()
    })
  }

  close(code: number, reason: string): void {
    if (this.#state === 'closed' || this.#isClosing) return
    this.#isClosing = true
    this.#down(() => this.#end(code, reason))
    // A client that does not answer is ended by force.
    this.#world.clock.after(5_000, () => this.#end(1006, ''))
  }

  terminate(): void {
    this.#world.clock.after(0, () => this.#end(1006, ''))
  }

  /** The client sends. */
  up(text: string): void {
    this.#up(() => {
      if (this.#isClosing) return
      if (this.#handler === undefined) this.#early.push(text)
      else this.#handler.onFrame(text)
    })
  }

  /** The client closes. */
  hangUp(code: number): void {
    if (this.#state === 'closed') return
    this.#socket.leave()
    this.#up(() => this.#end(code, ''))
  }

  /** The connection breaks, and each side hears of it after a while. */
  cut(): void {
    if (this.#state === 'closed') return
    const { clock, random } = this.#world
    this.#state = 'silent'
    clock.after(random.whole(0, 300), () => this.#socket.lose(1006, ''))
    clock.after(random.whole(0, 300), () => this.#goneAtServer(1006, ''))
  }

  /** Nothing gets through any more, and nobody is told. */
  goSilent(): void {
    if (this.#state === 'open') this.#state = 'silent'
  }

  /** The client stops reading. */
  stall(): void {
    if (this.#state === 'open') this.#held ??= []
  }

  /** The client reads again what waits. */
  unstall(): void {
    const held = this.#held
    this.#held = undefined
    for (const arrive of held ?? []) if (this.#state === 'open') arrive()
  }

  #down(arrive: () => void): void {
    const { clock } = this.#world
    this.#lastDown = Math.max(this.#lastDown, clock.now + this.#delay())
    clock.after(this.#lastDown - clock.now, () => {
      if (this.#state !== 'open') return
      if (this.#held === undefined) arrive()
      else this.#held.push(arrive)
    })
  }

  #up(arrive: () => void): void {
    const { clock } = this.#world
    this.#lastUp = Math.max(this.#lastUp, clock.now + this.#delay())
    clock.after(this.#lastUp - clock.now, () => {
      if (this.#state === 'open') arrive()
    })
  }

  #delay(): number {
    const { random } = this.#world
    return random.chance(0.05) ? random.whole(20, 200) : random.next() * 10
  }

  #end(code: number, reason: string): void {
    this.#socket.lose(code, reason)
    this.#goneAtServer(code, reason)
  }

  #goneAtServer(code: number, reason: string): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.bufferedAmount = 0
    this.#held = undefined
    this.#world.links.delete(this)
    this.#handler?.onClose(code, reason)
  }
}

/** The client's side. */
export class SimSocket implements WebSocketLike {
  onopen: unknown = null
  onmessage: unknown = null
  onclose: unknown = null
  onerror: unknown = null
  readonly #link: Link
  #state: 'connecting' | 'open' | 'gone' = 'connecting'

  constructor(world: LinkWorld, url: string) {
    const { clock, random } = world
    this.#link = new Link(world, this)
    const request: AcceptRequest = { url, headers: new Map(), remoteAddress: '::1', format: 'json' }
    clock.after(random.whole(1, 60), () => {
      if (this.#state !== 'connecting') return void world.links.delete(this.#link)
      if (!this.#link.isOpen || world.proxy(url)?.open(this.#link, request) !== true) {
        world.links.delete(this.#link)
        return this.lose(1006, '')
      }
      this.#state = 'open'
      call(this.onopen, {})
    })
  }

  send(text: string): void {
    if (this.#state === 'open') this.#link.up(text)
  }

  close(code = 1000): void {
    this.#link.hangUp(code)
  }

  terminate(): void {
    this.#link.hangUp(1006)
  }

  /** The client has let go of the connection: nothing reaches it any more. */
  leave(): void {
    this.#state = 'gone'
  }

  receive(data: string): void {
    if (this.#state === 'open') call(this.onmessage, { data })
  }

  lose(code: number, reason: string): void {
    if (this.#state === 'gone') return
    this.#state = 'gone'
    call(this.onclose, { code, reason })
  }
}

function call(listener: unknown, event: object): void {
  if (typeof listener === 'function') (listener as (event: object) => void)(event)
}

function packFrames(frames: readonly TransportFrame[]): PackedFrames {
  const parts = frames.flatMap((frame) => {
    const body = Buffer.from(frame)
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32BE(body.length)
    return [header, body]
  })
  return { bytes: Buffer.concat(parts) }
}

function unpackFrames(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const frames: string[] = []
  for (let at = 0; at < buffer.length; ) {
    const end = at + HEADER_BYTES + buffer.readUInt32BE(at)
    frames.push(buffer.toString('utf8', at + HEADER_BYTES, end))
    at = end
  }
  return frames
}
