import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Bus, ReadRequest } from '../../../src/bus/bus.ts'
import { EMPTY_LOG_MS } from '../../../src/bus/bus.ts'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { KeySpace } from '../../../src/bus/redis/key-space.ts'
import { FlakyBus } from '../../../src/testing/flaky-bus.ts'
import { RedisServer } from '../../fixture/redis-server.ts'
import { type FakeClient, type TestNode, useHubs } from '../../hub/hub-fixture.ts'

const keys = new KeySpace('oyez')
const hubs = useHubs()
let server: RedisServer
let redis: ReturnType<typeof createClient>
const opened: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  server = await RedisServer.start()
  redis = createClient({ url: server.url })
  await redis.connect()
})
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close()
  await redis.flushAll()
})
afterAll(async () => {
  redis.destroy()
  await server.cleanup()
})

/** A bus whose empty logs expire soon, so that a test need not wait for minutes. */
class HastyBus extends FlakyBus {
  readonly #metaTtlMs: number

  constructor(inner: Bus, metaTtlMs: number) {
    super(inner)
    this.#metaTtlMs = metaTtlMs
  }

  override read(request: ReadRequest): ReturnType<Bus['read']> {
    return super.read({ ...request, retention: { ...request.retention, metaTtlMs: this.#metaTtlMs } })
  }
}

/** A client of a fresh node over this Redis. */
async function clientAt(bus: Bus, auditIntervalMs = 5_000): Promise<{ node: TestNode; client: FakeClient }> {
  const node = await hubs.node({ inner: bus, times: { lingerMs: 1, auditIntervalMs } })
  return { node, client: await node.connected() }
}

const logKeys = async (): Promise<string[]> => (await redis.keys('oyez:{name*')).sort()

it('a history of a name that nobody published to leaves nothing in Redis', async () => {
  const { client } = await clientAt(new RedisBus({ url: server.url }))
  for (let n = 0; n < 50; n++) {
    const answer = await client.ask({ history: { channel: `name-${n}`, limit: 10 } })
    expect(answer).toMatchObject({ history: { publications: [] } })
  }
  expect(await logKeys()).toEqual([])
})

it('a subscribe to a name that nobody published to leaves one small key that expires within minutes', async () => {
  const { client } = await clientAt(new RedisBus({ url: server.url }))
  for (let n = 0; n < 50; n++) {
    await client.ask({ subscribe: { channel: `name-${n}` } })
    await client.ask({ unsubscribe: { channel: `name-${n}` } })
  }
  const left = await logKeys()
  expect(left).toHaveLength(50)
  for (const key of left) {
    const ttl = await redis.pTTL(key)
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(EMPTY_LOG_MS)
    expect(await redis.memoryUsage(key)).toBeLessThan(400)
  }
})

it('a producer that is closed in a channel that nobody published to is forgotten within minutes', async () => {
  const bus = new RedisBus({ url: server.url })
  opened.push(bus)
  await bus.start({ onPublication: () => undefined, onStatus: () => undefined })
  for (let n = 0; n < 20; n++) await bus.closeProducer(`name-${n}`, 'somebody')
  await bus.read({ channel: 'name-x', limit: 0, mint: true, retention: { size: 1, ttlMs: 1_000, metaTtlMs: 50 } })
  await bus.closeProducer('name-x', 'somebody')
  const left = await logKeys()
  expect(left).toHaveLength(21)
  for (const key of left) {
    const ttl = await redis.pTTL(key)
    expect(ttl).toBeGreaterThan(EMPTY_LOG_MS / 2)
    expect(ttl).toBeLessThanOrEqual(EMPTY_LOG_MS)
  }
})

it('a subscriber that stays on a channel without publications is told of no break, and hears the first one', async () => {
  const { node, client } = await clientAt(new HastyBus(new RedisBus({ url: server.url }), 1_500), 200)
  await client.ask({ subscribe: { channel: 'name-stays' } })
  const leaves = await node.connected()
  await leaves.ask({ subscribe: { channel: 'name-leaves' } })
  await leaves.ask({ unsubscribe: { channel: 'name-leaves' } })
  const [stays, gone] = [keys.meta('name-stays'), keys.meta('name-leaves')]
  // The identity of the channel that was left expires; the one of the other would have expired by then, too.
  await expect.poll(() => redis.exists(gone), { timeout: 20_000 }).toBe(0)
  expect(await redis.pTTL(stays)).toBeGreaterThan(1_500)
  await node.hub.publish('name-stays', 'at last')
  await expect.poll(() => client.seen.some(({ push }) => push?.pub?.data === 'at last')).toBe(true)
  expect(client.seen.flatMap(({ push }) => Object.keys(push ?? {}))).toEqual(['channel', 'pub'])
  expect(await redis.pTTL(stays)).toBeGreaterThan(EMPTY_LOG_MS)
})

it('a channel without publications whose identity is lost is told as a new log', async () => {
  const { client } = await clientAt(new RedisBus({ url: server.url }), 200)
  await client.ask({ subscribe: { channel: 'name-lost' } })
  await redis.del(keys.meta('name-lost'))
  const told = await client.find(({ push }) => push?.unsubscribe !== undefined)
  expect(told.push).toMatchObject({ channel: 'name-lost', unsubscribe: { code: 2500 } })
})
