import { expect, test } from 'vitest'
import { deferred, eventually, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('a payload above the limit is refused before the application is asked', async () => {
  const asked: unknown[] = []
  const node = await hubs.node({
    limits: { maxPayloadBytes: 10 },
    authorizePublish: (_, __, data) => asked.push(data) > 0,
  })
  const client = await node.connected()
  expect((await client.publish('news', 'x'.repeat(9))).error?.code).toBe(107)
  expect(asked).toEqual([])
  // Quotes included, this is exactly the limit.
  expect((await client.publish('news', 'x'.repeat(8))).publish).toBeDefined()
  expect(asked).toHaveLength(1)
})

test('one channel too many is refused before the application is asked', async () => {
  const asked: string[] = []
  const node = await hubs.node({
    limits: { maxChannelsPerConnection: 2 },
    authorizeSubscribe: (_, channel) => asked.push(channel) > 0,
  })
  const client = await node.connected()
  await client.subscribe('a')
  await client.subscribe('b')
  expect((await client.ask({ subscribe: { channel: 'c' } })).error?.code).toBe(106)
  expect((await client.ask({ subscribe: { channel: 'a' } })).error?.code).toBe(105)
  expect(asked).toEqual(['a', 'b'])
})

test('a bad channel name is refused before the application is asked, by every verb', async () => {
  const asked: string[] = []
  const authorize = (_: unknown, channel: string): boolean => asked.push(channel) > 0
  const node = await hubs.node({ authorizeSubscribe: authorize, authorizePublish: authorize })
  const client = await node.connected()
  for (const channel of ['@control', 'a\u0000b', 'a\nb', 'x'.repeat(256), '\ud800']) {
    expect((await client.ask({ subscribe: { channel } })).error?.code).toBe(107)
    expect((await client.publish(channel, 1)).error?.code).toBe(107)
    expect((await client.ask({ history: { channel } })).error?.code).toBe(107)
  }
  expect(asked).toEqual([])
})

test('a connection that has too many commands waiting is told so before the application is asked', async () => {
  const gate = deferred<boolean>()
  const asked: string[] = []
  const node = await hubs.node({
    limits: { maxPendingCommands: 3 },
    authorizeSubscribe: (_, channel) => {
      asked.push(channel)
      return gate.promise
    },
  })
  const client = await node.connected()
  const ids = ['a', 'b', 'c'].map((channel) => client.send({ subscribe: { channel } }))
  expect((await client.ask({ subscribe: { channel: 'd' } })).error).toMatchObject({ code: 111, temporary: true })
  expect(asked).toEqual(['a', 'b', 'c'])
  gate.resolve(true)
  // A command waits until it is answered: that its channel exists already does not end it.
  for (const id of ids) expect((await client.reply(id)).error).toBeUndefined()
  await client.subscribe('d')
})

test('exactly as many publishes may wait as the limit says', async () => {
  const node = await hubs.node({ limits: { maxPendingCommands: 4 } })
  const client = await node.connected()
  node.bus.hold('append')
  const ids = Array.from({ length: 6 }, (_, n) => client.send({ publish: { channel: 'news', data: n } }))
  await eventually(() => client.seen.length === 3)
  node.bus.release('append')
  const answers = await Promise.all(ids.map((id) => client.reply(id)))
  expect(answers.map(({ error }) => error?.code)).toEqual([undefined, undefined, undefined, undefined, 111, 111])
})

test('one-way messages are counted too: a client whose messages pile up is closed', async () => {
  const gate = deferred<void>()
  let asked = 0
  const node = await hubs.node({
    limits: { maxPendingCommands: 5 },
    onMessage: () => {
      asked += 1
      return gate.promise
    },
  })
  const client = await node.connected()
  for (let n = 0; n < 20; n++) client.transport.receive(JSON.stringify({ send: { data: n } }))
  expect(await client.closed()).toBe(3013)
  expect(asked).toBe(5)
  gate.resolve()
})

test('one connection too many of a user is closed with 3504', async () => {
  const node = await hubs.node({ limits: { maxConnectionsPerUser: 2 } })
  await node.connected('ann')
  const second = await node.connected('ann')
  const third = node.client()
  third.send({ connect: { token: 'ann' } })
  expect(await third.closed()).toBe(3504)
  await node.connected('bob')
  second.transport.hangUp()
  await node.connected('ann')
  expect(node.hub.stats().users).toBe(2)
})

test('commands that wait behind a connect are bounded', async () => {
  const gate = deferred<{ userId: string }>()
  const node = await hubs.node({ limits: { maxPendingCommands: 2 }, authenticate: () => gate.promise })
  const client = node.client()
  client.send({ connect: {} })
  client.send({ subscribe: { channel: 'a' } })
  client.send({ subscribe: { channel: 'b' } })
  expect(client.transport.closedWith).toBeUndefined()
  client.send({ subscribe: { channel: 'c' } })
  expect(await client.closed()).toBe(3013)
  gate.resolve({ userId: 'ann' })
})
