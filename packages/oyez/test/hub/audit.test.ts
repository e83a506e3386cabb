import { expect, test } from 'vitest'
import type { Position } from '../../src/protocol/position.ts'
import { eventually, range, useHubs } from './hub-fixture.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()
const times = { pingIntervalMs: 80, pongTimeoutMs: 60_000, auditIntervalMs: 20 }

test('a lost last hint is found although nothing follows it', async () => {
  const node = await hubs.node({ times: { ...times, pingIntervalMs: 60_000, auditIntervalMs: 300 } })
  const client = await node.connected()
  await client.subscribe('news')
  await node.hub.publish('news', 1)
  await client.received('news', 1)
  node.bus.dropNextHints(2)
  await node.hub.publish('news', 2)
  await node.hub.publish('news', 3)
  await client.received('news', 3)
  expect(client.offsets('news')).toEqual([1, 2, 3])
  expect(node.hub.stats()).toMatchObject({ breaks: 0, resyncs: 1 })
})

test('a quiet channel that is whole is asked for and left alone', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus, times })
  const client = node.client()
  await client.connect()
  await client.subscribe('news')
  await client.subscribe('other')
  const before = node.hub.stats().busStats.reads
  await client.transport.until(({ frames }) => {
    if (frames.at(-1) === '{}') client.transport.receive('{}')
    return node.bus.calls('heads') >= 3
  })
  expect(node.hub.stats().busStats.reads).toBe(before)
  expect(node.hub.stats().resyncs).toBe(0)
})

test('a failed audit is a warning and the next one goes on', async () => {
  const node = await hubs.node({ times: { ...times, pingIntervalMs: 60_000, auditIntervalMs: 300 } })
  const warnings: string[] = []
  node.hub.on('warning', ({ message }) => warnings.push(message))
  const client = await node.connected()
  await client.subscribe('news')
  node.bus.dropNextHints(1)
  node.bus.failNext('heads')
  await node.hub.publish('news', 1)
  await client.received('news', 1)
  expect(warnings).toEqual(['comparing channels with their logs failed; it is done again in the next round'])
})

test('a failed resync is tried again by itself', async () => {
  const node = await hubs.node()
  const warnings: string[] = []
  node.hub.on('warning', ({ message }) => warnings.push(message))
  const client = await node.connected()
  await client.subscribe('news')
  node.bus.dropNextHints(1)
  node.bus.failNext('read')
  await node.hub.publish('news', 1)
  await node.hub.publish('news', 2)
  await client.received('news', 2)
  expect(client.offsets('news')).toEqual([1, 2])
  expect(warnings).toEqual(['reading the log of news failed; it is tried again'])
})

test('a thousand channels are asked for a few hundred at a time', async () => {
  const asked: number[] = []
  class CountingBus extends ScriptedBus {
    override heads(channels: readonly string[]): Promise<readonly Position[]> {
      asked.push(channels.length)
      return super.heads(channels)
    }
  }
  const node = await hubs.node({
    inner: new CountingBus(),
    times,
    limits: { maxChannelsPerConnection: 2_000, maxPendingCommands: 2_000 },
  })
  const client = node.client()
  await client.connect()
  for (const n of range(1, 1_000)) client.send({ subscribe: { channel: `c${n}` } })
  await eventually(() => asked.some((count, index) => count === 500 && asked[index + 1] === 500))
  expect(Math.max(...asked)).toBe(500)
})
