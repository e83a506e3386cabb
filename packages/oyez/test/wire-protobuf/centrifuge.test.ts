import type { Centrifuge, PublicationContext, ServerPublicationContext, Subscription } from 'centrifuge/build/protobuf'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Refusal } from '../../src/hub/hooks.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { useBinaryWire, valueOf } from './binary-fixture.ts'

/** The next event of a type, of a client or a subscription of npm `centrifuge`. */
function once<T>(source: { once(type: never, listener: (context: T) => void): unknown }, type: string): Promise<T> {
  return new Promise((resolve) => source.once(type as never, resolve))
}

/** Values of the publications that arrive from now on; `until(n)` waits for the n-th. */
function collect(source: { on(type: never, listener: (context: PublicationContext) => void): unknown }): {
  until(count: number): Promise<unknown[]>
} {
  const all: unknown[] = []
  let wake: () => void = () => undefined
  source.on('publication' as never, ({ data }) => {
    all.push(valueOf(data))
    wake()
  })
  return {
    async until(count) {
      while (all.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return all
    },
  }
}

interface Subscribed {
  readonly recovered: boolean
  readonly wasRecovering: boolean
  readonly streamPosition?: { readonly offset: number; readonly epoch: string }
}

describe('npm centrifuge in the binary form', () => {
  const binary = useBinaryWire()

  const connect = async (client: Centrifuge): Promise<{ client: string; data?: unknown }> => {
    const connected = once<{ client: string; data?: unknown }>(client, 'connected')
    client.connect()
    return connected
  }
  const subscribe = async (subscription: Subscription): Promise<Subscribed> => {
    const subscribed = once<Subscribed>(subscription, 'subscribed')
    subscription.subscribe()
    return subscribed
  }

  it('connects with token, data, name, version and headers', async () => {
    const asked: unknown[] = []
    const { url } = await binary.node({
      authenticate: ({ token, data, name, version, clientHeaders, format }) => {
        asked.push({ token, data, name, version, format, header: clientHeaders.get('x-room') })
        return { userId: token, data: { motd: 'hear ye' } }
      },
    })
    const who = { token: 'alice', data: jsonBytes({ a: 1 }), name: 'app', version: '1.2', headers: { 'X-Room': '9' } }
    const connected = await connect(binary.centrifuge(url, who))
    expect(asked).toEqual([
      { token: 'alice', data: { a: 1 }, name: 'app', version: '1.2', format: 'protobuf', header: '9' },
    ])
    expect(valueOf(connected.data)).toEqual({ motd: 'hear ye' })
  })

  it('hears its personal channel as a server-side subscription', async () => {
    const { url, hub } = await binary.node()
    const bob = binary.centrifuge(url, { token: 'bob' })
    await connect(bob)
    const publication = once<ServerPublicationContext>(bob, 'publication')
    await hub.sendToUser('bob', { text: 'hear ye' })
    const heard = await publication
    expect(heard).toMatchObject({ channel: '#bob', offset: 1 })
    expect(valueOf(heard.data)).toEqual({ text: 'hear ye' })
  })

  it('whose node shuts down continues on another: the personal channel and its own subscription, in order, once', async () => {
    const [north, south] = [await binary.node(), await binary.node()]
    let target = north.url
    /** Leads to whichever node a load balancer would choose. */
    class Balanced extends WebSocket {
      constructor(_url: string, protocols?: string[]) {
        super(target, protocols)
      }
    }
    const bob = binary.centrifuge('ws://balanced', { token: 'bob', websocket: Balanced })
    const room = bob.newSubscription('room')
    const personal = collect(bob)
    const heard = collect(room)
    await connect(bob)
    await subscribe(room)
    await north.hub.sendToUser('bob', 1)
    await north.hub.publish('room', 1)
    await Promise.all([personal.until(1), heard.until(1)])
    const away = once<{ code: number }>(bob, 'connecting')
    const again = once<Subscribed>(room, 'subscribed')
    target = south.url
    await north.close()
    expect(await away).toMatchObject({ code: 3001 })
    for (const n of [2, 3]) {
      await south.hub.sendToUser('bob', n)
      await south.hub.publish('room', n)
    }
    expect(await again).toMatchObject({ wasRecovering: true, recovered: true })
    await south.hub.publish('room', 4)
    await south.hub.sendToUser('bob', 4)
    expect(await personal.until(4)).toEqual([1, 2, 3, 4])
    expect(await heard.until(4)).toEqual([1, 2, 3, 4])
  })

  it('subscribes, publishes and hears itself, with its identity', async () => {
    const { url } = await binary.node({
      authenticate: ({ token }) => ({ userId: token, info: { name: 'Alice', n: 12 } }),
    })
    const alice = binary.centrifuge(url, { token: 'alice' })
    const { client } = await connect(alice)
    const room = alice.newSubscription('room')
    await subscribe(room)
    const publication = once<PublicationContext>(room, 'publication')
    await room.publish(jsonBytes({ text: 'hi' }))
    const heard = await publication
    expect(heard).toMatchObject({ channel: 'room', offset: 1, info: { user: 'alice', client } })
    expect(valueOf(heard.data)).toEqual({ text: 'hi' })
    expect(valueOf(heard.info?.connInfo)).toEqual({ name: 'Alice', n: 12 })
  })

  it('sends connect and subscribes in one frame, and each is answered', async () => {
    const { url, hub } = await binary.node()
    const client = binary.centrifuge(url)
    const rooms = ['a', 'b', 'c'].map((name) => client.newSubscription(name))
    const subscribed = rooms.map((room) => once(room, 'subscribed'))
    for (const room of rooms) room.subscribe()
    await connect(client)
    await Promise.all(subscribed)
    expect(hub.stats().subscriptions).toBe(3)
  })

  it('batches its commands, and hears a burst in order', async () => {
    const { url } = await binary.node()
    const client = binary.centrifuge(url)
    await connect(client)
    const room = client.newSubscription('room')
    const heard = collect(room)
    await subscribe(room)
    client.startBatching()
    const published = Array.from({ length: 50 }, (_, n) => room.publish(jsonBytes(n)))
    client.stopBatching()
    await Promise.all(published)
    expect(await heard.until(50)).toEqual(Array.from({ length: 50 }, (_, n) => n))
  })

  it('is recovered after a lost connection: everything, in order, once', async () => {
    const { url, hub } = await binary.node()
    const client = binary.centrifuge(url)
    await connect(client)
    const room = client.newSubscription('room')
    const heard = collect(room)
    await subscribe(room)
    await hub.publish('room', 1)
    await heard.until(1)
    const lost = once(client, 'connecting')
    const again = once<Subscribed>(room, 'subscribed')
    for (const { id } of hub.connections()) await hub.disconnect({ connectionId: id }, { code: 3000, reason: 'gone' })
    await lost
    for (let n = 2; n <= 5; n++) await hub.publish('room', n)
    expect(await again).toMatchObject({ wasRecovering: true, recovered: true })
    await hub.publish('room', 6)
    expect(await heard.until(6)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('is unsubscribed with 2500 by a break, comes back by itself, and is told that it is not recovered', async () => {
    const bus = new FlakyBus(new MemoryBus())
    const { url, hub } = await binary.node({ bus, channels: { defaults: { historySize: 2 } } })
    const client = binary.centrifuge(url)
    await connect(client)
    const room = client.newSubscription('room', { minResubscribeDelay: 1, maxResubscribeDelay: 10 })
    const heard = collect(room)
    await subscribe(room)
    await hub.publish('room', 1)
    await heard.until(1)
    const left = once<{ code: number; reason: string }>(room, 'subscribing')
    const again = once<Subscribed>(room, 'subscribed')
    bus.dropHints()
    for (let n = 2; n <= 6; n++) await hub.publish('room', n)
    bus.dropNone()
    bus.gap()
    expect(await left).toMatchObject({ code: 2500, reason: 'insufficient state' })
    expect(await again).toMatchObject({ wasRecovering: true, recovered: false, streamPosition: { offset: 6 } })
    await hub.publish('room', 7)
    expect(await heard.until(2)).toEqual([1, 7])
  })

  it('calls, and sends', async () => {
    const sent: unknown[] = []
    const { url } = await binary.node({
      onRpc: (_connection, method, params) => {
        if (method !== 'add') throw new Refusal(104, 'method not found')
        return (params as number[]).reduce((sum, n) => sum + n)
      },
      onMessage: (_connection, data) => void sent.push(data),
    })
    const client = binary.centrifuge(url)
    await connect(client)
    await client.send(jsonBytes({ one: 'way' }))
    const answer = await client.rpc('add', jsonBytes([1, 2, 3]))
    expect(valueOf(answer.data)).toBe(6)
    const nothing = client.rpc('nothing', jsonBytes(null))
    await expect(nothing).rejects.toMatchObject({ code: 104, message: 'method not found' })
    await expect(client.rpc('add', Buffer.from('{'))).rejects.toMatchObject({ code: 107, message: 'data is not JSON' })
    expect(sent).toEqual([{ one: 'way' }])
  })

  it('reads history', async () => {
    const { url, hub } = await binary.node()
    for (let n = 1; n <= 4; n++) await hub.publish('room', n)
    const client = binary.centrifuge(url)
    await connect(client)
    const { publications, epoch, offset } = await client.history('room', { limit: 2 })
    expect(publications.map(({ data }) => valueOf(data))).toEqual([1, 2])
    expect(offset).toBe(4)
    const rest = await client.history('room', { limit: -1, since: { epoch, offset: 2 } })
    expect(rest.publications.map(({ data }) => valueOf(data))).toEqual([3, 4])
    const newest = await client.history('room', { limit: 1, reverse: true })
    expect(newest.publications.map(({ data }) => valueOf(data))).toEqual([4])
    const wrong = client.history('room', { limit: 1, since: { epoch: 'another', offset: 2 } })
    await expect(wrong).rejects.toMatchObject({ code: 112 })
  })

  it('is refused with 103: a publish for now, a subscription for good', async () => {
    const { url } = await binary.node({ channels: {} })
    const client = binary.centrifuge(url, { token: 'alice' })
    await connect(client)
    const refused = client.publish('room', jsonBytes(1))
    await expect(refused).rejects.toMatchObject({ code: 103, message: 'permission denied' })
    const other = client.newSubscription('#bob')
    const ended = once<{ code: number }>(other, 'unsubscribed')
    other.subscribe()
    expect(await ended).toMatchObject({ code: 103 })
    expect(client.state).toBe('connected')
  })

  it('is told that presence is not available', async () => {
    const { url } = await binary.node()
    const client = binary.centrifuge(url)
    await connect(client)
    await expect(client.presence('room')).rejects.toMatchObject({ code: 108 })
    await expect(client.presenceStats('room')).rejects.toMatchObject({ code: 108 })
  })

  it('ends for good with 3500', async () => {
    const { url } = await binary.node({ authenticate: () => null })
    const client = binary.centrifuge(url, { token: 'wrong' })
    const ended = once<{ code: number; reason: string }>(client, 'disconnected')
    client.connect()
    expect(await ended).toMatchObject({ code: 3500, reason: 'invalid token' })
  })

  it('fetches another token after 109 and comes in', async () => {
    const { url } = await binary.node({
      authenticate: ({ token }) => {
        if (token === 'old') throw new Refusal(109, 'token expired')
        return { userId: token }
      },
    })
    const client = binary.centrifuge(url, { token: 'old', getToken: () => Promise.resolve('alice') })
    await connect(client)
    expect(client.state).toBe('connected')
  })

  it('ends for good with 3506 where the hub does not have the binary form', async () => {
    const { url } = await binary.wire.node()
    const client = binary.centrifuge(url)
    const ended = once<{ code: number; reason: string }>(client, 'disconnected')
    client.connect()
    expect(await ended).toMatchObject({ code: 3506, reason: 'inappropriate protocol' })
  })

  it('answers pings', async () => {
    const { url, hub } = await binary.node({ times: { pingIntervalMs: 200, pongTimeoutMs: 150 } })
    const client = binary.centrifuge(url, { token: 'bob' })
    await connect(client)
    const wardens = await binary.connected(url)
    // Their pings come as often as those of the client: after three of them it would have been closed, had it not answered.
    for (let n = 0; n < 3; n++) {
      await wardens.ping()
      wardens.send({})
    }
    expect(client.state).toBe('connected')
    expect(hub.stats().users).toBe(1)
  })
})
