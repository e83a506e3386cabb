import { describe, expect, it } from 'vitest'
import type { HubOptions } from '../../src/hub/options.ts'
import { jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { useBinaryWire } from './binary-fixture.ts'

const RAW = Uint8Array.of(0xff, 0, 0x7b, 0x0a)
const WITH_BINARY: Partial<HubOptions> = {
  channels: {
    defaults: { publish: 'anyone' },
    namespaces: { raw: { binary: true }, gone: { binary: true, logged: false } },
  },
}

describe('a payload that is not JSON', () => {
  const binary = useBinaryWire()

  it('is refused with 107, says why, and reaches nobody', async () => {
    const { url, hub } = await binary.node()
    const json = await binary.wire.connected(url)
    await json.ask({ id: 2, subscribe: { channel: 'room' } })
    const proto = await binary.connected(url)
    for (const [data, message] of [
      [RAW, 'data is not JSON'],
      [Buffer.from('{'), 'data is not JSON'],
      [Buffer.from('['.repeat(129) + ']'.repeat(129)), 'data is nested too deeply'],
      [new Uint8Array(0), 'publish without data'],
    ] as const) {
      const { error } = await proto.ask({ id: 3, publish: { channel: 'room', data } })
      expect(error).toEqual({ code: 107, message })
    }
    await hub.publish('room', 'only this')
    expect(await json.push()).toMatchObject({ pub: { data: 'only this', offset: 1 } })
  })

  it('closes with 3501 where nothing could answer it', async () => {
    const { url } = await binary.node({ onMessage: () => undefined })
    const proto = await binary.connected(url)
    proto.send({ send: { data: RAW } })
    expect(await proto.closed).toEqual({ code: 3501, reason: 'bad request: data is not JSON' })
    const other = await binary.raw(url)
    other.send({ id: 1, connect: { data: RAW } })
    expect(await other.closed).toEqual({ code: 3501, reason: 'bad request: data is not JSON' })
  })

  it.each(['raw:1', 'gone:1'])('is carried as it is where the rule has binary: %s', async (channel) => {
    const { url, hub } = await binary.node(WITH_BINARY)
    const proto = await binary.connected(url, 'bob')
    await proto.ask({ id: 2, subscribe: { channel } })
    expect((await proto.ask({ id: 3, publish: { channel, data: RAW } })).error).toBeUndefined()
    expect(await proto.push()).toMatchObject({ channel, pub: { data: RAW, info: { user: 'bob' } } })
    await hub.publish(channel, RAW)
    expect(await proto.push()).toMatchObject({ channel, pub: { data: RAW } })
    await hub.publish(channel, { json: 'too' })
    expect(await proto.push()).toMatchObject({ channel, pub: { data: { json: 'too' } } })
  })

  it('stands in the history of such a channel, for clients and for the application', async () => {
    const { url, hub } = await binary.node(WITH_BINARY)
    const proto = await binary.connected(url)
    await proto.ask({ id: 2, publish: { channel: 'raw:1', data: RAW } })
    const { history } = await proto.ask({ id: 3, history: { channel: 'raw:1', limit: 1 } })
    expect(history?.publications).toMatchObject([{ data: RAW, offset: 1 }])
    const { publications } = await hub.history('raw:1')
    expect(publications.map(({ data }) => Buffer.from(data as Uint8Array))).toEqual([Buffer.from(RAW)])
  })

  it('is shown to the hook that decides as bytes', async () => {
    const seen: unknown[] = []
    const { url } = await binary.node({
      ...WITH_BINARY,
      authorizePublish: (_connection, _channel, data) => seen.push(data) > 0,
    })
    const proto = await binary.connected(url)
    await proto.ask({ id: 2, publish: { channel: 'raw:1', data: RAW } })
    await proto.ask({ id: 3, publish: { channel: 'room', data: jsonBytes({ a: 1 }) } })
    expect(seen[0]).toBeInstanceOf(Uint8Array)
    expect([Buffer.from(seen[0] as Uint8Array), seen[1]]).toEqual([Buffer.from(RAW), { a: 1 }])
  })

  it('keeps clients of the JSON form out of such a channel with 108', async () => {
    const { url } = await binary.node(WITH_BINARY)
    const json = await binary.wire.connected(url)
    const error = { code: 108, message: 'not available: the channel carries binary payloads' }
    expect(await json.ask({ id: 2, subscribe: { channel: 'raw:1' } })).toEqual({ id: 2, error })
    expect(await json.ask({ id: 3, publish: { channel: 'raw:1', data: 1 } })).toEqual({ id: 3, error })
    expect(await json.ask({ id: 4, history: { channel: 'raw:1' } })).toEqual({ id: 4, error })
    expect((await json.ask({ id: 5, subscribe: { channel: 'room' } })).error).toBeUndefined()
  })

  it('keeps clients of the JSON form out with 3506 where the server would subscribe them', async () => {
    const { url, hub } = await binary.node({
      ...WITH_BINARY,
      authenticate: ({ token }) => ({ userId: token, channels: ['raw:1'] }),
    })
    const json = await binary.wire.raw(url)
    json.send({ id: 1, connect: { token: 'bob' } })
    expect(await json.closed).toEqual({ code: 3506, reason: 'inappropriate protocol' })
    const proto = await binary.connected(url, 'bob')
    await hub.publish('raw:1', RAW)
    expect(await proto.push()).toMatchObject({ channel: 'raw:1', pub: { data: RAW } })
    await expect.poll(() => hub.stats()).toMatchObject({ connections: 1, users: 1 })
  })

  it('must not be empty', async () => {
    const { hub } = await binary.node(WITH_BINARY)
    await expect(hub.publish('raw:1', new Uint8Array(0))).rejects.toThrow('payload is empty')
  })

  it('is too long like any other', async () => {
    const { url } = await binary.node({ ...WITH_BINARY, limits: { maxPayloadBytes: 16 } })
    const proto = await binary.connected(url)
    const { error } = await proto.ask({ id: 2, publish: { channel: 'raw:1', data: new Uint8Array(17) } })
    expect(error).toEqual({ code: 107, message: 'payload is longer than 16 bytes' })
  })
})
