import { expect, test } from 'vitest'
import { eventually, type FakeClient, turn, useHubs } from './hub-fixture.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()
const EXTENDED = { oyez_ext: 1 }
const STAMP = { oyez_producer: 'p', oyez_seq: 1 }

const syncs = (client: FakeClient): number => client.seen.filter(({ push }) => push?.oyez_sync === 1).length

test('when the bus has a gap for everything, whoever published lately, and understands it, is asked once', async () => {
  const node = await hubs.node()
  const [publisher, silent] = [await node.connected('ann', EXTENDED), await node.connected('bob', EXTENDED)]
  const [official, unnumbered] = [await node.connected('eve'), await node.connected('joe', EXTENDED)]
  for (const client of [publisher, official]) await client.publish('news', 1, STAMP)
  await unnumbered.publish('news', 2)
  node.bus.gap()
  node.bus.gap()
  await eventually(() => syncs(publisher) === 1)
  await turn()
  expect([silent, official, unnumbered].map(syncs)).toEqual([0, 0, 0])
  expect(syncs(publisher)).toBe(1)
})

test('a gap of some channels is no other master', async () => {
  const node = await hubs.node({ times: { pingIntervalMs: 40 } })
  const publisher = await node.connected('ann', EXTENDED)
  await publisher.publish('news', 1, STAMP)
  node.bus.gap(['news'])
  // The housekeeping turns many times between two pings.
  await publisher.find((message) => Object.keys(message).length === 0)
  expect(syncs(publisher)).toBe(0)
})

for (const [what, lost] of [
  ['a new epoch', 0],
  ['a fork', 1],
] as const) {
  test(`${what} in a channel that is followed here asks too, at most once a second`, async () => {
    const bus = new ScriptedBus()
    const node = await hubs.node({ inner: bus })
    const publisher = await node.connected('ann', EXTENDED)
    await publisher.subscribe('news')
    // It is refused by this bus; that it was tried is what counts.
    await publisher.publish('news', 1, STAMP)
    bus.say('news', 2)
    bus.log('news').failOver(lost)
    bus.say('news', 1)
    const asked: number[] = []
    await eventually(() => syncs(publisher) === 1)
    asked.push(performance.now())
    bus.log('news').failOver(lost)
    bus.say('news', 1)
    await eventually(() => syncs(publisher) === 2)
    asked.push(performance.now())
    // Timers may be early by a millisecond.
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThan(990)
  })
}

test('while the bus is down nobody is asked, but afterwards', async () => {
  const node = await hubs.node({ times: { pingIntervalMs: 40 } })
  const publisher = await node.connected('ann', EXTENDED)
  await publisher.publish('news', 1, STAMP)
  node.bus.gap()
  node.bus.goDown()
  await publisher.find((message) => Object.keys(message).length === 0)
  expect(syncs(publisher)).toBe(0)
  node.bus.comeUp()
  await eventually(() => syncs(publisher) === 1)
})
