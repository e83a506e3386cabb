import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { protobufCodec } from '../../src/codec/protobuf/index.ts'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import { RawClient } from '../wire/raw-client.ts'
import { useBinaryWire } from './binary-fixture.ts'

describe('the binary form is chosen', () => {
  const binary = useBinaryWire()

  it('by the subprotocol, which is echoed', async () => {
    const { url } = await binary.node()
    const client = await binary.raw(url)
    expect(client.protocol).toBe('centrifuge-protobuf')
    expect(await client.connect('alice')).toMatchObject({ ping: 25, pong: true })
  })

  it.each(['format=protobuf', 'cf_protocol=protobuf', 'user=x&cf_protocol=protobuf'])(
    'by the query %s, without a subprotocol',
    async (query) => {
      const { url } = await binary.node()
      const client = await binary.raw(`${url}?${query}`, [])
      expect(client.protocol).toBe('')
      expect(await client.connect('alice')).toMatchObject({ ping: 25, pong: true })
    },
  )

  it.each(['', '?format=json', '?format=other', '?cf_protocol='])('and JSON with the query "%s"', async (query) => {
    const { url } = await binary.node()
    const client = await binary.wire.raw(url + query)
    expect(await client.connect('alice')).toMatchObject({ ping: 25, pong: true })
  })

  it('not when JSON is offered too', async () => {
    const { url } = await binary.node()
    const client = await RawClient.open(url, { protocols: ['centrifuge-protobuf', 'centrifuge-json'] })
    expect(client.protocol).toBe('centrifuge-json')
    expect(await client.connect('alice')).toMatchObject({ ping: 25, pong: true })
    client.terminate()
  })

  it('and closed with 3506 by a hub that does not have it, before it says anything', async () => {
    const { url } = await binary.wire.node()
    for (const [target, protocols] of [
      [url, ['centrifuge-protobuf']],
      [`${url}?format=protobuf`, []],
    ] as const) {
      const closed = await new Promise((resolve) => {
        const ws = new WebSocket(target, [...protocols])
        ws.on('close', (code, reason) => resolve([code, reason.toString()]))
      })
      expect(closed).toEqual([3506, 'inappropriate protocol'])
    }
  })

  it('once: two codecs of the same name are a mistake', () => {
    const codecs = [protobufCodec, protobufCodec]
    expect(() => new Hub({ bus: new MemoryBus(), codecs })).toThrow('HubOptions.codecs has two of the same name')
  })
})
