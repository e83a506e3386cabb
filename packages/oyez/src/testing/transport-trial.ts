import assert from 'node:assert/strict'
import type { Transport, TransportFrame } from '../transport/transport.ts'

/** The client's end of a transport under test. */
export interface FarEnd {
  /** Frames that the client has read. */
  readonly received: readonly TransportFrame[]
  /** How the connection ended as the client saw it: 1006 without a goodbye; `undefined` while it is open. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined
  send(text: string): void
  /** Reads no more, so that what is written piles up. */
  pause(): void
  resume(): void
  /** Says goodbye. */
  hangUp(code: number, reason: string): void
  /** Breaks the connection off without a word. */
  vanish(): void
}

/** Where the transports of one check come from. */
export interface TransportWorld {
  /** A fresh connection; the transport is not started. */
  connect(): Promise<{ readonly transport: Transport; readonly far: FarEnd }>
  /** Bytes of the largest frame that a client may send; left out when there is no limit, and its check passes. */
  readonly maxFrameBytes?: number | undefined
  cleanup?(): void | Promise<void>
}

export type TransportWorldFactory = () => TransportWorld | Promise<TransportWorld>

/** One promise of the `Transport` contract, as a test. */
export interface TransportCheck {
  /** A sentence that says what holds. */
  readonly name: string
  /** Resolves when the promise is kept, rejects when it is not. */
  run(factory: TransportWorldFactory): Promise<void>
}

/** Everything that a transport told its handler. */
export interface HeardOfTransport {
  readonly frames: TransportFrame[]
  readonly closes: { readonly code: number; readonly reason: string }[]
  drains: number
}

interface Connected {
  readonly transport: Transport
  readonly far: FarEnd
  readonly heard: HeardOfTransport
}

const PATIENCE_MS = 5_000
const POLL_MS = 5

/** Makes a check out of its body; every transport is terminated afterwards. */
export function transportCheck(name: string, body: (trial: TransportTrial) => Promise<void>): TransportCheck {
  return {
    name,
    async run(factory) {
      const world = await factory()
      const trial = new TransportTrial(world)
      try {
        await body(trial)
      } finally {
        trial.end()
        await world.cleanup?.()
      }
    },
  }
}

/** The world of one check. */
export class TransportTrial {
  readonly maxFrameBytes: number | undefined
  readonly #world: TransportWorld
  readonly #transports: Transport[] = []

  constructor(world: TransportWorld) {
    this.#world = world
    this.maxFrameBytes = world.maxFrameBytes
  }

  /** A started connection. */
  async connect(): Promise<Connected> {
    const { transport, far } = await this.#world.connect()
    const heard: HeardOfTransport = { frames: [], closes: [], drains: 0 }
    this.#transports.push(transport)
    transport.start({
      onFrame: (frame) => heard.frames.push(typeof frame === 'string' ? frame : new Uint8Array(frame)),
      onDrain: () => {
        heard.drains += 1
      },
      onClose: (code, reason) => heard.closes.push({ code, reason }),
    })
    return { transport, far, heard }
  }

  /** Resolves when `test` holds; fails after some seconds. */
  async until(test: () => boolean, withinMs: number = PATIENCE_MS): Promise<void> {
    for (const end = performance.now() + withinMs; !test(); await sleep(POLL_MS)) {
      if (performance.now() > end) assert.fail(`not within ${withinMs} ms: ${String(test)}`)
    }
  }

  /** Lets what is on its way arrive: for showing that something does not happen. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await sleep(POLL_MS)
  }

  end(): void {
    for (const transport of this.#transports) transport.terminate()
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
