import { expect, test } from 'vitest'
import { eventually, range, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()
const HIGH_WATER = 20_000
const limits = { highWaterBytes: HIGH_WATER }
/** What one batch may add above the mark, plus its framing. */
const ONE_BATCH = 65_536 + 2_000
const PAYLOAD = 'x'.repeat(900)

test('what waits for a client that does not read is bounded, also within one tick', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { historySize: 5_000 } } })
  const client = await node.connected()
  await client.subscribe('news')
  client.transport.stall()
  // Nothing is flushed between these: the mark must hold before the first write.
  await Promise.all(range(1, 2_000).map((n) => node.hub.publish('news', `${n}${PAYLOAD}`)))
  expect(node.hub.stats().queuedBytes).toBeLessThanOrEqual(HIGH_WATER + ONE_BATCH)
  await turn()
  expect(node.hub.stats().queuedBytes).toBeLessThanOrEqual(HIGH_WATER + ONE_BATCH)
  expect(node.hub.stats()).toMatchObject({ lagging: 1, subscriptions: 1 })
})

test('it lags alone, and when it reads again it gets everything, in order, once', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { historySize: 5_000 } } })
  const [slow, fast] = [await node.connected(), await node.connected()]
  await slow.subscribe('news')
  await fast.subscribe('news')
  slow.transport.stall()
  for (const n of range(1, 300)) {
    await node.hub.publish('news', PAYLOAD)
    if (n % 10 === 0) await turn()
    expect(node.hub.stats().queuedBytes).toBeLessThanOrEqual(HIGH_WATER + ONE_BATCH)
  }
  await fast.received('news', 300)
  expect(fast.offsets('news')).toEqual(range(1, 300))
  expect(node.hub.stats().lagging).toBe(1)
  while (slow.offsets('news').length < 300) {
    slow.transport.drain()
    slow.transport.stall()
    await turn()
  }
  expect(slow.offsets('news')).toEqual(range(1, 300))
  slow.transport.drain()
  await eventually(() => node.hub.stats().lagging === 0)
  await node.hub.publish('news', 'live again')
  await slow.received('news', 301)
  expect(slow.offsets('news').at(-1)).toBe(301)
  expect(node.hub.stats().breaks).toBe(0)
})

test('a client that was full within one tick only catches up in the next, without waiting for the periodic retry', async () => {
  const node = await hubs.node({ limits: { highWaterBytes: 1_000 } })
  const client = await node.connected()
  await client.subscribe('news')
  await Promise.all(range(1, 90).map(() => node.hub.publish('news', PAYLOAD)))
  expect(node.hub.stats().lagging).toBe(1)
  // A tick for each page that fits under the mark: far less time than the retry takes.
  for (let ticks = 0; ticks < 100; ticks++) await new Promise((resolve) => setImmediate(resolve))
  expect(client.offsets('news')).toEqual(range(1, 90))
  expect(node.hub.stats().lagging).toBe(0)
})

test('when its place was trimmed meanwhile, it is told, and goes on from the newest', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { historySize: 10 } } })
  const client = await node.connected('', { oyez_ext: 1 })
  await client.subscribe('news')
  client.transport.stall()
  for (const n of range(1, 300)) {
    await node.hub.publish('news', PAYLOAD)
    if (n % 10 === 0) await turn()
  }
  const before = client.offsets('news')
  expect(before).toEqual(range(1, before.length))
  client.transport.drain()
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push?.oyez_break).toMatchObject({ reason: 'trimmed', last: { offset: before.length }, next: { offset: 300 } })
  await node.hub.publish('news', 'next')
  await client.received('news', before.length + 1)
  expect(client.offsets('news').at(-1)).toBe(301)
  expect(node.hub.stats()).toMatchObject({ lagging: 0, breaks: 1 })
})

test('without the extension it is told by an unsubscribe with 2500', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { historySize: 10 } } })
  const client = await node.connected()
  await client.subscribe('news')
  client.transport.stall()
  for (const n of range(1, 300)) {
    await node.hub.publish('news', PAYLOAD)
    if (n % 10 === 0) await turn()
  }
  client.transport.drain()
  const { push } = await client.find((message) => message.push?.unsubscribe !== undefined)
  expect(push?.unsubscribe?.code).toBe(2500)
  expect(node.hub.stats()).toMatchObject({ lagging: 0, subscriptions: 0 })
})

test('a client that asks and asks without reading is closed with 3008', async () => {
  const node = await hubs.node({ limits, onRpc: () => PAYLOAD })
  const client = await node.connected()
  client.transport.stall()
  let most = 0
  for (let n = 0; n < 1_000 && client.transport.closedWith === undefined; n++) {
    client.send({ rpc: { method: 'x' } })
    await turn()
    most = Math.max(most, node.hub.stats().queuedBytes)
  }
  expect(client.transport.closedWith).toMatchObject({ code: 3008, reason: 'slow' })
  expect(most).toBeLessThanOrEqual(2 * HIGH_WATER + ONE_BATCH)
  await eventually(() => node.hub.stats().connections === 0)
})

test('one large answer does not close a client that reads', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { historySize: 100 } } })
  for (let n = 0; n < 100; n++) await node.hub.publish('news', PAYLOAD)
  const client = await node.connected()
  const offsets: (number | undefined)[] = []
  let epoch: string | undefined
  for (let end = 100; offsets.length < end; ) {
    const since = offsets.length === 0 ? undefined : { epoch, offset: offsets.at(-1) }
    const { history } = await client.ask({ history: { channel: 'news', limit: 100, since } })
    end = history?.offset ?? 0
    epoch = history?.epoch
    offsets.push(...(history?.publications.map(({ offset }) => offset) ?? []))
    expect(history?.publications.length).toBeGreaterThan(1)
  }
  expect(offsets).toEqual(range(1, 100))
  const result = await client.subscribe('news', { recover: true, offset: 0, epoch: '' })
  expect(result.recovered).toBe(true)
  const inReply = result.publications?.length ?? 0
  await client.received('news', 100 - inReply)
  expect([...(result.publications ?? []), ...client.publications('news')].map(({ offset }) => offset)).toEqual(
    range(1, 100),
  )
  expect(client.transport.closedWith).toBeUndefined()
})

test('a burst on its channels does not close a client that asks for something in the same tick', async () => {
  const node = await hubs.node({ limits: { highWaterBytes: 1_500 } })
  const [client, other] = [await node.connected(), await node.connected()]
  const channels = range(1, 20).map((n) => `c${n}`)
  // Two subscribers each: they share batches, which grow above the mark within a tick.
  for (const channel of channels) for (const subscriber of [client, other]) await subscriber.subscribe(channel)
  await Promise.all(channels.flatMap((channel) => range(1, 20).map(() => node.hub.publish(channel, PAYLOAD))))
  expect(node.hub.stats().queuedBytes).toBeGreaterThan(3_000)
  for (const channel of channels.slice(0, 10)) client.send({ unsubscribe: { channel } })
  expect((await client.ask({ history: { channel: 'c1', limit: 1 } })).history?.publications).toHaveLength(1)
  expect(client.transport.closedWith).toBeUndefined()
})

test('the recovered publications of one answer are bounded by the high-water mark, the rest comes as pushes', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { historySize: 300 } } })
  for (let n = 0; n < 200; n++) await node.hub.publish('news', PAYLOAD)
  const client = await node.connected()
  const { publications = [] } = await client.subscribe('news', { recover: true, offset: 0, epoch: '' })
  expect(publications.length).toBeGreaterThan(5)
  expect(JSON.stringify(publications).length).toBeLessThan(HIGH_WATER + 1_000)
  await client.received('news', 200 - publications.length)
  expect([...publications, ...client.publications('news')].map(({ offset }) => offset)).toEqual(range(1, 200))
})

test('an ephemeral channel drops for a client that does not read, and for no other', async () => {
  const node = await hubs.node({ limits, channels: { defaults: { logged: false } } })
  const [slow, fast] = [await node.connected(), await node.connected()]
  await slow.subscribe('typing')
  await fast.subscribe('typing')
  slow.transport.stall()
  for (const n of range(1, 200)) {
    await node.hub.publish('typing', `${n}${PAYLOAD}`)
    if (n % 10 === 0) await turn()
  }
  await fast.received('typing', 200)
  expect(node.hub.stats().queuedBytes).toBeLessThanOrEqual(HIGH_WATER + ONE_BATCH)
  slow.transport.drain()
  await node.hub.publish('typing', 'last')
  await slow.find(({ push }) => push?.pub?.data === 'last')
  expect(slow.publications('typing').length).toBeLessThan(201)
})
