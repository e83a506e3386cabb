import { describe, expect, it } from 'vitest'
import { useWire } from './wire-fixture.ts'

describe('publish', () => {
  const wire = useWire()

  it('is answered with the position, and every subscriber hears it with the identity of the publisher', async () => {
    const { url } = await wire.node({
      authenticate: ({ token }) => ({ userId: token, info: { name: token.toUpperCase() } }),
    })
    const bob = await wire.connected(url, 'bob')
    const { subscribe } = await bob.ask({ id: 2, subscribe: { channel: 'room' } })
    const alice = await wire.raw(url)
    const { client } = await alice.connect('alice')
    const claimed = { info: { user: 'bob', client: 'x' }, user: 'bob' }
    const reply = await alice.ask({ id: 2, publish: { channel: 'room', data: 'hi', ...claimed } })
    expect(reply).toEqual({ id: 2, publish: { offset: 1, epoch: subscribe?.epoch } })
    const info = { user: 'alice', client, conn_info: { name: 'ALICE' } }
    expect(await bob.push()).toEqual({ channel: 'room', pub: { data: 'hi', offset: 1, info } })
  })

  it('reaches the publisher too, and subscribers on another node', async () => {
    const [north, south] = [await wire.node(), await wire.node()]
    const alice = await wire.connected(north.url)
    const bob = await wire.connected(south.url)
    for (const client of [alice, bob]) await client.ask({ id: 2, subscribe: { channel: 'room' } })
    await alice.ask({ id: 3, publish: { channel: 'room', data: 'hi' } })
    expect(await alice.push()).toMatchObject({ pub: { data: 'hi' } })
    expect(await bob.push()).toMatchObject({ pub: { data: 'hi' } })
  })

  it('has no position in a channel without a log', async () => {
    const { url } = await wire.node({ channels: { defaults: { logged: false, publish: 'anyone' } } })
    const client = await wire.connected(url)
    expect(await client.ask({ id: 2, publish: { channel: 'room', data: 1 } })).toEqual({ id: 2, publish: {} })
  })

  it('of null is a publication', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    await client.ask({ id: 2, subscribe: { channel: 'room' } })
    client.send({ id: 3, publish: { channel: 'room', data: null } })
    expect(await client.push()).toMatchObject({ pub: { data: null, offset: 1 } })
  })

  it('is stored in the order in which one client sent', async () => {
    const { url, hub } = await wire.node({
      authorizePublish: async (_connection, _channel, data) => {
        // The earlier, the slower.
        for (let turn = 0; turn < 10 - Number(data); turn++) await new Promise(setImmediate)
        return true
      },
    })
    const client = await wire.connected(url)
    const numbers = Array.from({ length: 10 }, (_, n) => n)
    client.send(...numbers.map((n) => ({ id: n + 2, publish: { channel: 'room', data: n } })))
    await Promise.all(numbers.map((n) => client.reply(n + 2)))
    const { publications } = await hub.history('room')
    expect(publications.map(({ data }) => data)).toEqual(numbers)
  })

  it('with a producer and its number is stored once, and the repetition is told where', async () => {
    const { url, hub } = await wire.node()
    const stamp = { channel: 'room', data: 'once', oyez_producer: 'p1', oyez_seq: 1 }
    const client = await wire.connected(url, 'alice')
    const first = await client.ask({ id: 2, publish: stamp })
    expect(first.publish).toMatchObject({ offset: 1 })
    // The same user on another connection, as after a reconnect.
    const again = await wire.connected(url, 'alice')
    const second = await again.ask({ id: 2, publish: stamp })
    expect(second.publish).toEqual({ ...first.publish, oyez_duplicate: true })
    expect((await hub.history('room')).publications).toHaveLength(1)
  })

  it('with a hole in the numbers is answered with 120 and the expected number', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    await client.ask({ id: 2, publish: { channel: 'room', data: 1, oyez_producer: 'p1', oyez_seq: 1 } })
    const reply = await client.ask({ id: 3, publish: { channel: 'room', data: 3, oyez_producer: 'p1', oyez_seq: 3 } })
    expect(reply.error).toMatchObject({ code: 120, oyez_expected: 2 })
  })

  it('with a producer that the log does not know is answered with 121', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, publish: { channel: 'room', data: 1, oyez_producer: 'p1', oyez_seq: 7 } })
    expect(reply.error).toEqual({ code: 121, message: 'unknown producer' })
  })

  it("cannot continue another user's producer", async () => {
    const { url } = await wire.node()
    const alice = await wire.connected(url, 'alice')
    await alice.ask({ id: 2, publish: { channel: 'room', data: 1, oyez_producer: 'p1', oyez_seq: 1 } })
    const mallory = await wire.connected(url, 'mallory')
    const reply = await mallory.ask({ id: 2, publish: { channel: 'room', data: 2, oyez_producer: 'p1', oyez_seq: 2 } })
    expect(reply.error).toMatchObject({ code: 121 })
  })

  it.each([
    { oyez_producer: '', oyez_seq: 1 },
    { oyez_producer: 'p'.repeat(65), oyez_seq: 1 },
    { oyez_producer: 7, oyez_seq: 1 },
    { oyez_producer: 'p1' },
    { oyez_producer: 'p1', oyez_seq: 0 },
    { oyez_producer: 'p1', oyez_seq: '1' },
  ])('with a malformed stamp is answered with 107: %j', async (stamp) => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, publish: { channel: 'room', data: 1, ...stamp } })
    expect(reply.error).toMatchObject({ code: 107 })
  })

  it('without right is answered with 103', async () => {
    const { url, hub } = await wire.node({ channels: {} })
    const client = await wire.connected(url, 'alice')
    const reply = await client.ask({ id: 2, publish: { channel: 'room', data: 1 } })
    expect(reply).toEqual({ id: 2, error: { code: 103, message: 'permission denied' } })
    expect(hub.stats().published).toBe(0)
  })
})
