import { expect, test } from 'vitest'
import { eventually, type FakeClient, range, useHubs } from './hub-fixture.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()
const CLIENTS = 1_100

const isTold = (client: FakeClient): boolean => client.seen.some(({ push }) => push?.unsubscribe?.code === 2500)

test('many clients without the extension are sent away some at a time, hear nothing meanwhile, and miss nothing', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const clients: FakeClient[] = []
  for (let n = 0; n < CLIENTS; n++) {
    const client = await node.connected()
    await client.subscribe('news')
    clients.push(client)
  }
  bus.say('news', 2)
  await eventually(() => clients.every((client) => client.offsets('news').length === 2))
  bus.log('news').failOver(0)
  bus.say('news', 1)
  // The transports hold what was flushed: looked at once per turn of the event loop.
  const counts = [0]
  while ((counts.at(-1) ?? 0) < CLIENTS) {
    await new Promise((resolve) => setImmediate(resolve))
    counts.push(clients.filter(isTold).length)
    if (counts.length < 4) bus.say('news', 1)
  }
  const steps = counts.slice(1).map((count, index) => count - (counts[index] ?? 0))
  expect(Math.max(...steps)).toBeLessThanOrEqual(500)
  expect(clients.every((client) => client.offsets('news').length === 2)).toBe(true)
  expect(node.hub.stats().subscriptions).toBe(0)
  const { epoch, top } = bus.log('news')
  for (const client of clients.slice(-3)) {
    const result = await client.subscribe('news', { recover: true, epoch: 'e1', offset: 2 })
    expect(result).toMatchObject({ recovered: true, epoch })
    expect(result.publications?.map(({ offset }) => offset)).toEqual(range(3, top))
  }
})

test('whoever unsubscribes or hangs up before its turn is not told any more', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const [leaver, gone, stayer] = [await node.connected(), await node.connected(), await node.connected()]
  for (const client of [leaver, gone, stayer]) await client.subscribe('news')
  bus.log('news').failOver(0)
  bus.say('news', 1)
  // The log has been read, and the event loop has not turned.
  for (let step = 0; step < 100; step++) await Promise.resolve()
  expect(node.hub.stats().resyncs).toBe(1)
  const id = leaver.send({ unsubscribe: { channel: 'news' } })
  gone.transport.hangUp()
  await eventually(() => isTold(stayer))
  expect((await leaver.reply(id)).unsubscribe).toEqual({})
  expect([leaver, gone].map(isTold)).toEqual([false, false])
  expect(node.hub.stats()).toMatchObject({ subscriptions: 0, connections: 2 })
})
