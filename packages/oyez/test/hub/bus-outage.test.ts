import { expect, test } from 'vitest'
import { BusError } from '../../src/bus/bus-error.ts'
import { eventually, range, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('while the bus is down publishers are told, subscribers stay, and the hub is not ready', async () => {
  const node = await hubs.node()
  const states: string[] = []
  node.hub.on('bus', ({ state }) => states.push(state))
  const client = await node.connected('ann')
  await client.subscribe('news')
  expect(node.hub.ready).toBe(true)
  node.bus.goDown()
  expect(node.hub.ready).toBe(false)
  expect(node.hub.accepting).toBe(true)
  await expect(node.hub.publish('news', 1)).rejects.toMatchObject({ name: 'HubError', code: 'bus-unavailable' })
  expect((await client.publish('news', 1)).error).toEqual({
    code: 100,
    message: 'the bus is unavailable, nothing was published',
    temporary: true,
  })
  expect((await client.ask({ subscribe: { channel: 'other' } })).error).toMatchObject({ code: 100, temporary: true })
  expect((await client.ask({ history: { channel: 'news' } })).error).toMatchObject({ code: 100, temporary: true })
  await expect(node.hub.history('news')).rejects.toMatchObject({ code: 'bus-unavailable' })
  expect(client.transport.closedWith).toBeUndefined()
  expect(node.hub.stats()).toMatchObject({ bus: 'down', subscriptions: 2 })
  node.bus.comeUp()
  expect(node.hub.ready).toBe(true)
  expect(states).toEqual(['down', 'up', 'gap'])
})

test('an outage longer than the history is a declared break on its channel, and nothing on the others', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const client = await here.connected('ann', { oyez_ext: 1 })
  await client.subscribe('busy')
  await there.hub.publish('busy', 1)
  await client.received('busy', 1)
  here.bus.goDown()
  for (const n of range(2, 400)) await there.hub.publish('busy', n)
  for (const n of range(1, 3)) await there.hub.sendToUser('ann', n)
  expect(client.offsets('busy')).toEqual([1])
  here.bus.comeUp()
  await client.received('#ann', 3)
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push).toMatchObject({
    channel: 'busy',
    oyez_break: { reason: 'trimmed', last: { offset: 1 }, next: { offset: 400 } },
  })
  await there.hub.publish('busy', 401)
  await client.received('busy', 2)
  expect(client.offsets('busy')).toEqual([1, 401])
  expect(client.offsets('#ann')).toEqual([1, 2, 3])
})

test('an outage within the history is no break', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const client = await here.connected()
  await client.subscribe('news')
  here.bus.goDown()
  for (const n of range(1, 90)) await there.hub.publish('news', n)
  here.bus.comeUp()
  await client.received('news', 90)
  expect(client.offsets('news')).toEqual(range(1, 90))
  expect(here.hub.stats().breaks).toBe(0)
})

test('a gap of some channels reads those and no other', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  await client.subscribe('a')
  await client.subscribe('b')
  const before = node.bus.calls('read')
  node.bus.dropNextHints(1)
  await node.hub.publish('a', 1)
  node.bus.gap(['a', 'nobody wants this'])
  await client.received('a', 1)
  expect(node.bus.calls('read') - before).toBe(1)
})

test('hints lost at random never show: every subscriber of every node gets the log, in order, once', async () => {
  const nodes = [await hubs.node(), await hubs.node(), await hubs.node()]
  const clients = await Promise.all(nodes.flatMap((node) => [node.connected(), node.connected()]))
  for (const client of clients) await client.subscribe('news')
  // Deterministic, different per node, and never the last ones.
  for (const [index, { bus }] of nodes.entries()) {
    bus.dropHints(
      ({ position }) => position !== undefined && position.offset < 390 && (position.offset * 7 + index) % 3 === 0,
    )
  }
  for (const n of range(1, 400)) await nodes[n % 3]?.hub.publish('news', n)
  for (const client of clients) {
    await client.received('news', 400)
    expect(client.publications('news').map(({ data }) => data)).toEqual(range(1, 400))
  }
  for (const { hub } of nodes) expect(hub.stats().breaks).toBe(0)
})

test('an answer of the bus that is lost is told as uncertain', async () => {
  const node = await hubs.node()
  node.bus.loseNextAnswer('append')
  await expect(node.hub.publish('news', 1)).rejects.toMatchObject({
    code: 'bus-uncertain',
    message: 'the bus did not answer in time, the message may have been published',
  })
  await eventually(() => node.hub.stats().bus === 'up')
  expect((await node.hub.history('news')).publications).toHaveLength(1)
})

test('an error of the bus that is none of its own is uncertain too, and no host name reaches a client', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  node.bus.failNext('append', new Error('ECONNRESET redis://:secret@10.0.0.7:6379'))
  const { error } = await client.publish('news', 1)
  expect(error?.message).toBe('the bus did not answer in time, the message may have been published')
  node.bus.failNext('read', new Error('ECONNRESET redis://:secret@10.0.0.7:6379'))
  expect((await client.ask({ history: { channel: 'news' } })).error?.message).toBe('internal server error')
})

test('the reason of an outage is the present one, and its word names no host', async () => {
  const node = await hubs.node()
  const heard: (string | undefined)[] = []
  node.hub.on('bus', ({ error }) => heard.push(error?.message))
  node.bus.goDown(new BusError('unavailable', 'h:1 closed', { reason: 'connection closed' }))
  expect(node.hub.stats()).toMatchObject({ bus: 'down', busReason: 'connection closed' })
  node.bus.goDown(new BusError('refused', 'h:1 refuses the password', { reason: 'WRONGPASS' }))
  expect(node.hub.stats()).toMatchObject({ bus: 'down', busReason: 'WRONGPASS' })
  expect(heard).toEqual(['h:1 closed', 'h:1 refuses the password'])
  node.bus.comeUp()
  expect(node.hub.stats()).toMatchObject({ bus: 'up', busReason: undefined })
})

test('a bus that refuses to store leaves the hub ready, with the reason in its numbers', async () => {
  const node = await hubs.node()
  const states: string[] = []
  node.hub.on('bus', ({ state }) => states.push(state))
  node.bus.refuse()
  expect(node.hub.ready).toBe(true)
  expect(node.hub.bus).toEqual({ bus: 'refusing', busReason: 'OOM' })
  node.bus.acceptAgain()
  expect(node.hub.bus).toEqual({ bus: 'up', busReason: undefined })
  expect(states).toEqual(['refusing', 'up'])
})
