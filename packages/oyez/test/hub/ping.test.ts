import { expect, test } from 'vitest'
import { eventually, useHubs } from './hub-fixture.ts'

const hubs = useHubs()
const times = { pingIntervalMs: 40, pongTimeoutMs: 20 }

test('a client that answers its pings stays', async () => {
  const node = await hubs.node({ times })
  const client = await node.connected()
  for (let n = 1; n <= 5; n++) {
    await client.transport.until(({ frames }) => frames.filter((frame) => frame === '{}').length === n)
    client.transport.receive('{}')
  }
  expect(client.transport.closedWith).toBeUndefined()
})

test('a client that does not answer is closed with 3012 and ended', async () => {
  const node = await hubs.node({ times })
  const reasons: number[] = []
  node.hub.on('disconnected', ({ code }) => reasons.push(code))
  const client = await node.connected()
  expect(await client.closed()).toBe(3012)
  await eventually(() => node.hub.stats().connections === 0)
  expect(client.transport.terminated).toBe(true)
  expect(reasons).toEqual([3012])
})

test('a pong without a ping, and a command without an id, are protocol errors', async () => {
  for (const frame of ['{}', '{"subscribe":{"channel":"a"}}']) {
    const node = await hubs.node()
    const client = await node.connected()
    client.transport.receive(frame)
    expect(await client.closed()).toBe(3501)
  }
})

test('a client that never says who it is is closed with 3502', async () => {
  const node = await hubs.node({ times: { ...times, connectTimeoutMs: 30 } })
  const client = node.client()
  expect(await client.closed()).toBe(3502)
  await eventually(() => node.hub.stats().connections === 0)
})

test('so is one whose connect was refused and that stays', async () => {
  const node = await hubs.node({
    times: { ...times, connectTimeoutMs: 30 },
    authenticate: () => {
      throw new Error('no')
    },
  })
  const client = node.client()
  await client.ask({ connect: {} })
  expect(await client.closed()).toBe(3502)
})
