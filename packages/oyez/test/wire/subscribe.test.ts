import { describe, expect, it } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { useWire } from './wire-fixture.ts'

describe('subscribe', () => {
  const wire = useWire()

  it('is answered with the position, and publications follow', async () => {
    const { url, hub } = await wire.node()
    const at = await hub.publish('news', 'before')
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, subscribe: { channel: 'news' } })
    expect(reply).toEqual({
      id: 2,
      subscribe: { recoverable: true, positioned: true, epoch: at?.epoch, offset: 1 },
    })
    await hub.publish('news', { n: 2 })
    expect(await client.next()).toEqual({ push: { channel: 'news', pub: { data: { n: 2 }, offset: 2 } } })
  })

  it('has no position in a channel without a log, also when one is given', async () => {
    const { url, hub } = await wire.node({ channels: { namespaces: { typing: { logged: false } } } })
    const client = await wire.connected(url)
    const recover = { recover: true, epoch: 'x', offset: 3 }
    const reply = await client.ask({ id: 2, subscribe: { channel: 'typing:1', ...recover } })
    expect(reply).toEqual({ id: 2, subscribe: { was_recovering: true } })
    await hub.publish('typing:1', 'bob')
    expect(await client.next()).toEqual({ push: { channel: 'typing:1', pub: { data: 'bob' } } })
  })

  it('is answered with 105 when the client is subscribed, by itself or by the server', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url, 'bob')
    await client.ask({ id: 2, subscribe: { channel: 'news' } })
    const already = { code: 105, message: 'already subscribed' }
    expect(await client.ask({ id: 3, subscribe: { channel: 'news' } })).toEqual({ id: 3, error: already })
    expect(await client.ask({ id: 4, subscribe: { channel: '#bob' } })).toEqual({ id: 4, error: already })
  })

  it('is answered with 106 when the connection has all the channels it may have', async () => {
    const { url } = await wire.node({ limits: { maxChannelsPerConnection: 2 } })
    const client = await wire.connected(url)
    await client.ask({ id: 2, subscribe: { channel: 'a' } })
    await client.ask({ id: 3, subscribe: { channel: 'b' } })
    const reply = await client.ask({ id: 4, subscribe: { channel: 'c' } })
    expect(reply.error).toEqual({ code: 106, message: 'limit exceeded' })
  })

  it('is answered with 103 when the hook or the rule says no', async () => {
    const { url } = await wire.node({ channels: { namespaces: { secret: { subscribe: 'nobody' } } } })
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, subscribe: { channel: 'secret:1' } })
    expect(reply.error).toEqual({ code: 103, message: 'permission denied' })
  })

  it('is answered with 108 when it is of another type than a stream', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, subscribe: { channel: 'news', type: 1 } })
    expect(reply.error).toEqual({ code: 108, message: 'not available' })
  })

  it('is answered with 100, temporary, when the bus is down', async () => {
    const bus = new FlakyBus(new MemoryBus())
    const { url } = await wire.node({ bus })
    const client = await wire.connected(url)
    bus.goDown()
    const reply = await client.ask({ id: 2, subscribe: { channel: 'news' } })
    expect(reply.error).toMatchObject({ code: 100, temporary: true })
  })
})

describe('unsubscribe', () => {
  const wire = useWire()

  it('ends the publications', async () => {
    const { url, hub } = await wire.node()
    const client = await wire.connected(url)
    await client.ask({ id: 2, subscribe: { channel: 'news' } })
    expect(await client.ask({ id: 3, unsubscribe: { channel: 'news' } })).toEqual({ id: 3, unsubscribe: {} })
    await hub.publish('news', 'unheard')
    await client.ask({ id: 4, subscribe: { channel: 'other' } })
    await hub.publish('other', 'heard')
    expect(await client.push()).toMatchObject({ channel: 'other' })
  })

  it('is answered the same for a channel that was not subscribed', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    expect(await client.ask({ id: 2, unsubscribe: { channel: 'never' } })).toEqual({ id: 2, unsubscribe: {} })
  })

  it('is answered with 103 for a subscription that the server made', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url, 'bob')
    const reply = await client.ask({ id: 2, unsubscribe: { channel: '#bob' } })
    expect(reply.error).toEqual({ code: 103, message: 'permission denied' })
  })

  it('behind a subscribe in one frame leaves neither of the two without an answer, and nothing subscribed', async () => {
    const { url, hub } = await wire.node()
    const client = await wire.connected(url)
    client.send({ id: 2, subscribe: { channel: 'news' } }, { id: 3, unsubscribe: { channel: 'news' } })
    expect(await client.reply(3)).toEqual({ id: 3, unsubscribe: {} })
    expect((await client.reply(2)).error).toMatchObject({ code: 100, temporary: true })
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('while the bus subscribes leaves neither of the two without an answer, and nothing subscribed', async () => {
    const bus = new FlakyBus(new MemoryBus())
    const { url, hub } = await wire.node({ bus })
    const client = await wire.connected(url)
    bus.hold('subscribe')
    client.send({ id: 2, subscribe: { channel: 'news' } })
    await expect.poll(() => bus.held('subscribe')).toBe(1)
    expect(await client.ask({ id: 3, unsubscribe: { channel: 'news' } })).toEqual({ id: 3, unsubscribe: {} })
    bus.release('subscribe')
    expect((await client.reply(2)).error).toMatchObject({ code: 100, temporary: true })
    expect(hub.stats().subscriptions).toBe(0)
  })
})
