import { Centrifuge, type Options } from 'centrifuge/build/protobuf'
import { afterEach } from 'vitest'
import { WebSocket } from 'ws'
import { protobufCodec } from '../../src/codec/protobuf/index.ts'
import type { HubOptions } from '../../src/hub/options.ts'
import { useWire, type WireFixture, type WireNode } from '../wire/wire-fixture.ts'
import { BinaryClient } from './binary-client.ts'

/** What the tests of the JSON form have, with the binary form switched on and its clients. */
export interface BinaryFixture {
  readonly wire: WireFixture
  /** Starts a node. The token of a connect is the name of its user; everybody may publish, unless the options say otherwise. */
  node(options?: Partial<HubOptions>): Promise<WireNode>
  /** Opens a bare WebSocket. */
  raw(url: string, protocols?: string[]): Promise<BinaryClient>
  /** Opens a bare WebSocket and connects with the name of a user, `''` for nobody in particular. */
  connected(url: string, user?: string): Promise<BinaryClient>
  /** Makes a client of the npm package `centrifuge` that speaks the binary form. */
  centrifuge(url: string, options?: Partial<Options>): Centrifuge
}

export function useBinaryWire(): BinaryFixture {
  // Before our own hook: after a test they run in the opposite order, so that the clients leave before the nodes that they would come back to.
  const wire = useWire()
  const opened: { close(): unknown }[] = []
  afterEach(() => {
    for (const one of opened.splice(0).toReversed()) one.close()
  })
  const fixture: BinaryFixture = {
    wire,
    node: (options = {}) => wire.node({ codecs: [protobufCodec], ...options }),
    async raw(url, protocols) {
      const client = await BinaryClient.open(url, protocols === undefined ? {} : { protocols })
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
  return fixture
}

/** The value of a payload that a client of the binary form received. */
export function valueOf(data: unknown): unknown {
  return JSON.parse(Buffer.from(data as Uint8Array).toString('utf8'))
}
