import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStatus,
  Position,
  ReadRequest,
  ReadResult,
  Retention,
  StoredRecord,
} from '../bus/bus.ts'

/** One publication, as a node heard it. */
export interface Heard {
  readonly channel: string
  readonly bytes: Uint8Array
  readonly position: Position | undefined
}

/** Retention that no check outlives. */
export const AMPLE: Retention = { size: 10_000, ttlMs: 600_000, metaTtlMs: 1_200_000 }

const PATIENCE_MS = 5_000
const POLL_MS = 10

/** One bus under test together with everything it said. */
export class TrialNode {
  readonly bus: Bus
  readonly heard: Heard[] = []
  readonly statuses: BusStatus[] = []
  readonly #watchers = new Set<() => void>()

  constructor(bus: Bus) {
    this.bus = bus
  }

  /** The handler to start the bus with. */
  readonly handler: BusHandler = {
    onPublication: (channel, bytes, position) => {
      this.heard.push({ channel, bytes, position })
      for (const look of this.#watchers) look()
    },
    onStatus: (status) => {
      this.statuses.push(status)
      for (const look of this.#watchers) look()
    },
  }

  on(channel: string): Heard[] {
    return this.heard.filter((heard) => heard.channel === channel)
  }

  /** Texts heard on a channel. */
  texts(channel: string): string[] {
    return this.on(channel).map(({ bytes }) => textOf(bytes))
  }

  /** Resolves when `count` publications were heard on the channel; fails when they do not come. */
  async hears(channel: string, count: number): Promise<Heard[]> {
    await this.until(
      () => this.on(channel).length >= count,
      () => `heard ${this.on(channel).length} of ${count} publications on ${JSON.stringify(channel)}`,
    )
    return this.on(channel)
  }

  /** Resolves when `test` holds, looked at after everything that the bus says; fails after some seconds. */
  until(test: () => boolean, problem: () => string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!test()) return
        end()
        resolve()
      }
      const timer = setTimeout(() => {
        end()
        reject(new assert.AssertionError({ message: `after ${PATIENCE_MS} ms: ${problem()}` }))
      }, PATIENCE_MS)
      const end = (): void => {
        clearTimeout(timer)
        this.#watchers.delete(look)
      }
      this.#watchers.add(look)
      look()
    })
  }

  append(channel: string, text: string, more: Partial<AppendRequest> = {}): Promise<AppendResult> {
    return this.bus.append({ channel, record: bytesOf(text), retention: AMPLE, ...more })
  }

  /** Appends and insists that it was stored. */
  async store(channel: string, text: string, more: Partial<AppendRequest> = {}): Promise<Position> {
    const result = await this.append(channel, text, more)
    assert.equal(result.kind, 'appended')
    return positionOf(result)
  }

  read(channel: string, more: Partial<ReadRequest> = {}): Promise<ReadResult> {
    return this.bus.read({ channel, limit: 10_000, retention: AMPLE, mint: true, ...more })
  }

  /** Reads and insists on a continuation. */
  async records(channel: string, more: Partial<ReadRequest> = {}): Promise<readonly StoredRecord[]> {
    const result = await this.read(channel, more)
    assert.equal(result.verdict, 'continue')
    return result.verdict === 'continue' ? result.records : []
  }
}

/** The world of one check: makes nodes and channel names, and ends them. */
export class BusTrial {
  readonly #connect: () => Bus | Promise<Bus>
  readonly #nodes: TrialNode[] = []
  readonly #run = randomUUID().slice(0, 8)
  #channels = 0

  constructor(connect: () => Bus | Promise<Bus>) {
    this.#connect = connect
  }

  /** A channel name that nobody else uses, ending in `name`. */
  channel(name = 'c'): string {
    this.#channels += 1
    return `check-${this.#run}:${this.#channels}:${name}`
  }

  /** A node that is not started yet. */
  async idleNode(): Promise<TrialNode> {
    const node = new TrialNode(await this.#connect())
    this.#nodes.push(node)
    return node
  }

  /** A started node, subscribed to the channels. */
  async node(...channels: string[]): Promise<TrialNode> {
    const node = await this.idleNode()
    await node.bus.start(node.handler)
    if (channels.length > 0) await node.bus.subscribe(channels)
    return node
  }

  /** Polls until `test` is true or the time is over: for what may happen, and is announced by nothing. */
  async poll(forMs: number, test: () => Promise<boolean>): Promise<boolean> {
    for (const end = performance.now() + forMs; performance.now() < end; ) {
      if (await test()) return true
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return test()
  }

  async end(): Promise<void> {
    await Promise.all(this.#nodes.map(({ bus }) => bus.close()))
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

export function textsOf(records: readonly StoredRecord[]): string[] {
  return records.map(({ record }) => textOf(record))
}

export function offsetsOf(items: readonly { readonly offset: number }[]): number[] {
  return items.map(({ offset }) => offset)
}

/** The whole numbers from `first` to `last`; downwards when `last` is lower. */
export function range(first: number, last: number): number[] {
  const step = last < first ? -1 : 1
  return Array.from({ length: Math.abs(last - first) + 1 }, (_, index) => first + index * step)
}

export function positionOf(result: AppendResult): Position {
  assert.ok(result.kind === 'appended' || result.kind === 'duplicate', `${result.kind} has no position`)
  return result.position
}
