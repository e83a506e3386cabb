import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Centrifuge, type Options } from 'centrifuge'
import { afterEach, beforeEach, expect } from 'vitest'
import { WebSocket } from 'ws'
import { MemoryBroker, MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import type { HubOptions } from '../../src/hub/options.ts'
import { WsListener, type WsListenerOptions } from '../../src/transport/ws-listener.ts'
import { RawClient } from './raw-client.ts'

/** A hub behind a real HTTP server on a free loopback port. */
export interface WireNode {
  readonly hub: Hub
  readonly url: string
  /** Sends the clients away and ends. Idempotent. */
  close(): Promise<void>
}

export interface NodeOptions extends Partial<HubOptions> {
  readonly listener?: WsListenerOptions
}

/** Everything a test of the wire needs; closed after each test. */
export interface WireFixture {
  /** What the nodes of one test share. */
  broker: MemoryBroker
  /** Starts a node. The token of a connect is the name of its user; everybody may publish, unless the options say otherwise. */
  node(options?: NodeOptions): Promise<WireNode>
  /** Opens a bare WebSocket. */
  raw(url: string): Promise<RawClient>
  /** Opens a bare WebSocket and connects with the name of a user, `''` for nobody in particular. */
  connected(url: string, user?: string): Promise<RawClient>
  /** Makes a client of the npm package `centrifuge`. */
  centrifuge(url: string, options?: Partial<Options>): Centrifuge
}

export function useWire(): WireFixture {
  const opened: { close(): unknown }[] = []
  const fixture: WireFixture = {
    broker: new MemoryBroker(),
    async node(options = {}) {
      const node = await startNode(fixture.broker, options)
      opened.push(node)
      return node
    },
    async raw(url) {
      const client = await RawClient.open(url)
      opened.push({ close: () => client.terminate() })
      return client
    },
    async connected(url, user = '') {
      const client = await fixture.raw(url)
      await client.connect(user)
      return client
    },
    centrifuge(url, options = {}) {
      const client = new Centrifuge(url, {
        websocket: WebSocket,
        minReconnectDelay: 1,
        maxReconnectDelay: 20,
        ...options,
      })
      opened.push({ close: () => client.disconnect() })
      return client
    },
  }
  beforeEach(() => {
    fixture.broker = new MemoryBroker()
  })
  afterEach(async () => {
    // Clients before the nodes that they would come back to.
    for (const one of opened.splice(0).toReversed()) await one.close()
  })
  return fixture
}

/** A promise that the test settles. */
export function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Somebody else at the same node, who must not notice what another client does. */
export class Bystander {
  readonly #client: RawClient
  readonly #node: WireNode

  static async at(wire: WireFixture, node: WireNode): Promise<Bystander> {
    const client = await wire.connected(node.url, 'bystander')
    await client.ask({ id: 2, subscribe: { channel: 'calm' } })
    return new Bystander(client, node)
  }

  private constructor(client: RawClient, node: WireNode) {
    this.#client = client
    this.#node = node
  }

  /** Passes when the bystander still hears its channel and was sent nothing else. */
  async expectUndisturbed(): Promise<void> {
    await this.#node.hub.publish('calm', 'still here')
    expect(await this.#client.next()).toEqual({
      push: { channel: 'calm', pub: { data: 'still here', offset: 1 } },
    })
    expect(this.#client.frames).toHaveLength(3)
  }
}

async function startNode(broker: MemoryBroker, { listener, ...options }: NodeOptions): Promise<WireNode> {
  const hub = new Hub({
    bus: new MemoryBus({ broker }),
    authenticate: ({ token }) => ({ userId: token }),
    channels: { defaults: { publish: 'anyone' } },
    ...options,
  })
  await hub.start()
  const server = createServer()
  const door = new WsListener(hub, listener).attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `ws://127.0.0.1:${port}${listener?.path ?? '/connection/websocket'}`
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const stopped = new Promise((resolve) => server.close(resolve))
    await door.close()
    await hub.close()
    await stopped
  }
  return { hub, url, close: () => (closing ??= close()) }
}
