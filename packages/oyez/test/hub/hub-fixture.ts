import { afterEach, beforeEach } from 'vitest'
import type { Bus } from '../../src/bus/bus.ts'
import { MemoryBroker, MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import type { HubOptions } from '../../src/hub/options.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { FakeTransport } from '../../src/testing/fake-transport.ts'

/** A publication as a client sees it. */
export interface SeenPublication {
  readonly data: unknown
  readonly offset?: number
  readonly info?: unknown
}

/** The answer to a subscribe as a client sees it. */
export interface SeenSubscription {
  readonly recoverable?: boolean
  readonly epoch?: string
  readonly offset?: number
  readonly recovered?: boolean
  readonly was_recovering?: boolean
  readonly publications?: readonly SeenPublication[]
  readonly oyez_break?: SeenBreak
}

export interface SeenBreak {
  readonly reason: string
  readonly last: { readonly epoch: string; readonly offset: number }
  readonly next: { readonly epoch: string; readonly offset: number }
  readonly fork?: number
}

/** A message of the hub, parsed. */
export interface Seen {
  readonly id?: number
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly temporary?: boolean
    oyez_expected?: number
  }
  readonly connect?: {
    readonly client: string
    readonly node: string
    readonly data?: unknown
    readonly subs?: Readonly<Record<string, SeenSubscription>>
  }
  readonly subscribe?: SeenSubscription
  readonly unsubscribe?: object
  readonly publish?: { readonly offset?: number; readonly epoch?: string; readonly oyez_duplicate?: boolean }
  readonly history?: {
    readonly publications: readonly SeenPublication[]
    readonly offset?: number
    readonly epoch?: string
  }
  readonly rpc?: { readonly data: unknown }
  readonly oyez_close?: { readonly seq?: number; readonly epoch: string }
  readonly push?: {
    readonly channel?: string
    readonly pub?: SeenPublication
    readonly unsubscribe?: { readonly code: number; readonly reason: string }
    readonly oyez_break?: SeenBreak
    readonly oyez_epoch?: string
    readonly oyez_sync?: number
  }
}

/** A client without a network. */
export class FakeClient {
  readonly transport: FakeTransport = new FakeTransport()
  #nextId = 1

  /** Everything received so far. */
  get seen(): readonly Seen[] {
    return this.transport.frames.map((frame) => JSON.parse(String(frame)) as Seen)
  }

  /** Everything received on a channel, in order. */
  publications(channel: string): readonly SeenPublication[] {
    const found: SeenPublication[] = []
    for (const { push } of this.seen) if (push?.channel === channel && push.pub !== undefined) found.push(push.pub)
    return found
  }

  /** Offsets of the publications received as pushes. */
  offsets(channel: string): readonly (number | undefined)[] {
    return this.publications(channel).map(({ offset }) => offset)
  }

  /** Sends a command and returns its id, without waiting. */
  send(command: object): number {
    const id = this.#nextId++
    this.transport.receive(JSON.stringify({ id, ...command }))
    return id
  }

  async reply(id: number): Promise<Seen> {
    let found: Seen | undefined
    await this.transport.until((transport) => {
      found = this.seen.find((message) => message.id === id)
      return found !== undefined || transport.closed
    })
    if (found === undefined) throw new Error(`closed with ${this.transport.closedWith?.code} before the answer`)
    return found
  }

  /** Sends a command and resolves with its answer. */
  ask(command: object): Promise<Seen> {
    return this.reply(this.send(command))
  }

  async connect(token = '', fields: object = {}): Promise<NonNullable<Seen['connect']>> {
    const { connect, error } = await this.ask({ connect: { token, ...fields } })
    if (connect === undefined) throw new Error(`refused with ${error?.code}`)
    return connect
  }

  async subscribe(channel: string, fields: object = {}): Promise<SeenSubscription> {
    const { subscribe, error } = await this.ask({ subscribe: { channel, ...fields } })
    if (subscribe === undefined) throw new Error(`refused with ${error?.code} ${error?.message}`)
    return subscribe
  }

  async publish(channel: string, data: unknown, fields: object = {}): Promise<Seen> {
    return this.ask({ publish: { channel, data, ...fields } })
  }

  /** Resolves when `count` publications of a channel have come as pushes. */
  async received(channel: string, count: number): Promise<readonly SeenPublication[]> {
    await this.transport.until(() => this.publications(channel).length >= count)
    return this.publications(channel)
  }

  /** Resolves with the first message that fits. */
  async find(fits: (message: Seen) => boolean): Promise<Seen> {
    let found: Seen | undefined
    await this.transport.until(() => (found = this.seen.find(fits)) !== undefined)
    if (found === undefined) throw new Error('never')
    return found
  }

  /** The close code, once the hub has closed. */
  async closed(): Promise<number | undefined> {
    await this.transport.until((transport) => transport.closedWith !== undefined || transport.closed)
    return this.transport.closedWith?.code
  }
}

/** A hub with a bus that the test can disturb. */
export interface TestNode {
  readonly hub: Hub
  readonly bus: FlakyBus
  /** A client at this node that has not said anything yet. */
  client(): FakeClient
  /** A client that is connected. */
  connected(user?: string, fields?: object): Promise<FakeClient>
  /** Close the hub. */
  close(): Promise<void>
}

export interface NodeOptions extends Partial<HubOptions> {
  /** What lies under the FlakyBus. @default a MemoryBus of the test's broker */
  readonly inner?: Bus
}

export interface HubFixture {
  /** The logs that the nodes of one test share. */
  broker: MemoryBroker
  /** Starts a node. A token is the name of its user; everybody may publish, unless the options say otherwise. */
  node(options?: NodeOptions): Promise<TestNode>
}

/** Hubs over one memory broker, closed after each test. */
export function useHubs(): HubFixture {
  const nodes: TestNode[] = []
  const fixture: HubFixture = {
    broker: new MemoryBroker(),
    async node({ inner, ...options } = {}) {
      const bus = new FlakyBus(inner ?? new MemoryBus({ broker: fixture.broker }))
      const hub = new Hub({
        authenticate: ({ token }) => ({ userId: token }),
        channels: { defaults: { publish: 'anyone' } },
        ...options,
        bus,
      })
      await hub.start()
      const node: TestNode = {
        hub,
        bus,
        client: () => {
          const client = new FakeClient()
          hub.accept(client.transport, REQUEST)
          return client
        },
        connected: async (user = '', fields = {}) => {
          const client = node.client()
          await client.connect(user, fields)
          return client
        },
        close: () => hub.close(),
      }
      nodes.push(node)
      return node
    },
  }
  beforeEach(() => {
    fixture.broker = new MemoryBroker()
  })
  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.close()
  })
  return fixture
}

/** An upgrade request as a listener would hand it over. */
export const REQUEST = {
  url: '/connection/websocket',
  headers: new Map<string, string>(),
  remoteAddress: '127.0.0.1',
  format: 'json',
} as const

/** Resolves when `test` holds; looked at once per turn of the event loop. Its time limit is the test's own. */
export async function eventually(test: () => boolean): Promise<void> {
  while (!test()) await turn()
}

/** One whole turn of the event loop: what was ready to run has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1))
}

/** The whole numbers from `first` to `last`. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
}

/** A promise that the test settles. */
export function deferred<T>(): {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
} {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((settle, refuse) => {
    resolve = settle
    reject = refuse
  })
  return { promise, resolve, reject }
}
