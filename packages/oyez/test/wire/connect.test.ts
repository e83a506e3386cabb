import { describe, expect, it } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import type { ConnectRequest } from '../../src/hub/hooks.ts'
import { Refusal } from '../../src/hub/hooks.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { RawClient } from './raw-client.ts'
import { useWire } from './wire-fixture.ts'

describe('connect', () => {
  const wire = useWire()

  it('is answered with the id of the connection, the node, and how pings go', async () => {
    const { url, hub } = await wire.node({ nodeName: 'north', times: { pingIntervalMs: 20_000 } })
    const client = await wire.raw(url)
    const reply = await client.ask({ id: 7, connect: {} })
    const [connection] = hub.connections()
    expect(reply).toEqual({
      id: 7,
      connect: { client: connection?.id, version: expect.any(String) as string, ping: 20, pong: true, node: 'north' },
    })
  })

  it('hands token, data, name, version, the HTTP headers and apart from them the claimed headers to the authenticate hook', async () => {
    const asked: ConnectRequest[] = []
    const { url } = await wire.node({
      authenticate: (request) => {
        asked.push(request)
        return { userId: 'alice', data: { motd: 'hear ye' } }
      },
    })
    const client = await RawClient.open(`${url}?room=1`, { headers: { 'X-Real': 'upgrade' } })
    const headers = { 'X-Real': 'emulated', 'X-Only': 'emulated' }
    const connect = { token: 't', data: { a: [1] }, name: 'hand', version: '0.1', headers }
    const reply = await client.ask({ id: 1, connect })
    expect(reply.connect).toMatchObject({ data: { motd: 'hear ye' } })
    const [request] = asked
    expect(request).toMatchObject({ token: 't', data: { a: [1] }, name: 'hand', version: '0.1' })
    expect(request?.headers.get('x-real')).toBe('upgrade')
    expect(request?.headers.has('x-only')).toBe(false)
    expect(request?.clientHeaders).toEqual(new Map(Object.entries({ 'x-real': 'emulated', 'x-only': 'emulated' })))
    expect(request?.url).toBe('/connection/websocket?room=1')
    client.terminate()
  })

  it('subscribes a named user to the personal channel and to the channels of the identity', async () => {
    const { url } = await wire.node({ authenticate: () => ({ userId: 'bob', channels: ['news'] }) })
    const client = await wire.raw(url)
    const { subs } = await client.connect()
    const live = { recoverable: true, positioned: true, epoch: expect.any(String) as string }
    expect(subs).toEqual({ '#bob': live, news: live })
  })

  it('makes no subscription for an anonymous user', async () => {
    const { url } = await wire.node()
    const client = await wire.raw(url)
    expect(await client.connect('')).not.toHaveProperty('subs')
  })

  it('is answered before anything that its subscriptions hear meanwhile', async () => {
    const bus = new FlakyBus(new MemoryBus())
    const { url, hub } = await wire.node({
      bus,
      authenticate: ({ token }) => ({ userId: '', channels: token === 'both' ? ['open', 'slow'] : ['open'] }),
    })
    const first = await wire.raw(url)
    await first.connect('one')
    bus.hold('subscribe')
    const client = await wire.raw(url)
    client.send({ id: 1, connect: { token: 'both' } })
    await expect.poll(() => bus.held('subscribe')).toBe(1)
    await hub.publish('open', 'early')
    expect(await first.push()).toMatchObject({ channel: 'open' })
    bus.release('subscribe')
    const { connect } = await client.next()
    expect(connect?.subs?.['open']).not.toHaveProperty('offset')
    expect(await client.next()).toEqual({ push: { channel: 'open', pub: { data: 'early', offset: 1 } } })
  })

  it('continues a server-side subscription from the position that the client gives', async () => {
    const { url, hub } = await wire.node()
    const first = await wire.raw(url)
    const { subs } = await first.connect('bob')
    await hub.sendToUser('bob', 'one')
    await hub.sendToUser('bob', 'two')
    const second = await wire.raw(url)
    const position = { recover: true, epoch: subs?.['#bob']?.epoch, offset: 1 }
    const again = await second.connect('bob', { subs: { '#bob': position } })
    expect(again.subs?.['#bob']).toMatchObject({
      was_recovering: true,
      recovered: true,
      offset: 1,
      publications: [{ data: 'two', offset: 2 }],
    })
  })

  it('closes with 3500 when the hook knows nobody of that name', async () => {
    const { url } = await wire.node({ authenticate: () => null })
    const client = await wire.raw(url)
    client.send({ id: 1, connect: { token: 'wrong' } })
    expect(await client.closed).toEqual({ code: 3500, reason: 'invalid token' })
  })

  it("answers with the hook's own refusal, and closes at the next command", async () => {
    const { url } = await wire.node({
      authenticate: () => {
        throw new Refusal(109, 'token expired')
      },
    })
    const client = await wire.raw(url)
    client.send({ id: 1, connect: {} }, { id: 2, subscribe: { channel: 'news' } })
    expect(await client.next()).toEqual({ id: 1, error: { code: 109, message: 'token expired' } })
    client.send({ id: 3, subscribe: { channel: 'news' } })
    expect((await client.closed).code).toBe(3501)
    expect(client.frames).toHaveLength(1)
  })

  it('answers error 100, temporary, when the hook breaks', async () => {
    const { url } = await wire.node({ authenticate: () => Promise.reject(new Error('the database is gone')) })
    const client = await wire.raw(url)
    const reply = await client.ask({ id: 1, connect: {} })
    expect(reply.error).toEqual({ code: 100, message: 'internal server error', temporary: true })
  })

  it('offers the extensions to a client that asks for them', async () => {
    const { url } = await wire.node()
    const client = await wire.raw(url)
    expect(await client.connect('', { oyez_ext: 1 })).toMatchObject({ oyez_ext: 1 })
  })

  it('echoes the subprotocol centrifuge-json', async () => {
    const { url } = await wire.node()
    const client = await RawClient.open(url, { protocols: ['centrifuge-json'] })
    expect(client.protocol).toBe('centrifuge-json')
    await client.connect()
    client.terminate()
  })

  it('closes a client that insists on the binary form with 3506', async () => {
    const { url } = await wire.node()
    const client = await RawClient.open(url, { protocols: ['centrifuge-protobuf'] })
    expect((await client.closed).code).toBe(3506)
  })

  it('closes with 3502 when the client does not connect in time', async () => {
    const { url } = await wire.node({ times: { connectTimeoutMs: 50, pingIntervalMs: 200 } })
    const client = await wire.raw(url)
    expect(await client.closed).toEqual({ code: 3502, reason: 'stale' })
  })

  it('closes with 3502 when a refused client stays', async () => {
    const { url } = await wire.node({
      authenticate: () => {
        throw new Refusal(401, 'not today')
      },
      times: { connectTimeoutMs: 50, pingIntervalMs: 200 },
    })
    const client = await wire.raw(url)
    client.send({ id: 1, connect: {} })
    expect((await client.closed).code).toBe(3502)
  })

  it('closes the connection that is one too many for its user with 3504', async () => {
    const { url } = await wire.node({ limits: { maxConnectionsPerUser: 1 } })
    const first = await wire.connected(url, 'bob')
    const second = await wire.raw(url)
    second.send({ id: 1, connect: { token: 'bob' } })
    expect((await second.closed).code).toBe(3504)
    expect(await first.ask({ id: 2, unsubscribe: { channel: 'news' } })).toEqual({
      id: 2,
      unsubscribe: {},
    })
  })

  it('carries out commands that come in the same frame as the connect, after it and in order', async () => {
    const { url } = await wire.node()
    const client = await wire.raw(url)
    client.send(
      { id: 1, connect: {} },
      { id: 2, subscribe: { channel: 'news' } },
      { id: 3, publish: { channel: 'other', data: 1 } },
    )
    expect(await client.next()).toHaveProperty('connect')
    expect(await client.reply(2)).toHaveProperty('subscribe')
    expect(await client.reply(3)).toHaveProperty('publish')
  })
})
