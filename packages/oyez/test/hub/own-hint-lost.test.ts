import { expect, test } from 'vitest'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()
// The audit is out of the way: it would find the loss too.
const times = { auditIntervalMs: 3_600_000 }

test('a lost hint of a publication that this node stored itself is missed within two seconds, without an audit', async () => {
  const node = await hubs.node({ times })
  const client = await node.connected()
  await client.subscribe('news')
  node.bus.dropNextHints(1)
  await node.hub.publish('news', 'lost on its way')
  await client.received('news', 1)
  expect(client.offsets('news')).toEqual([1])
  expect(node.hub.stats()).toMatchObject({ resyncs: 1, breaks: 0 })
})

test('a hint that is merely later than the answer of its append makes nobody read', async () => {
  const node = await hubs.node({ times })
  const client = await node.connected()
  await client.subscribe('news')
  for (let n = 0; n < 50; n++) await node.hub.publish('news', n)
  await client.received('news', 50)
  await new Promise((resolve) => setTimeout(resolve, 1_600))
  expect(node.hub.stats()).toMatchObject({ resyncs: 0 })
})
