import { createClient } from '@redis/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { KeySpace } from '../../../src/bus/redis/key-space.ts'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { type FakeClient, type TestNode, useHubs } from '../../hub/hub-fixture.ts'

const keys = new KeySpace('oyez')
const hubs = useHubs()
let server: RedisServer
let redis: ReturnType<typeof createClient>
let listener: ReturnType<typeof createClient>

beforeAll(async () => {
  server = await RedisServer.start()
  redis = createClient({ url: server.url })
  await redis.connect()
  listener = redis.duplicate()
  await listener.connect()
})
afterEach(async () => {
  await listener.unsubscribe()
  await redis.flushAll()
})
afterAll(async () => {
  redis.destroy()
  listener.destroy()
  await server.cleanup()
})

describe.each(['interest', 'broadcast'] as const)('with %s routing, somebody who can write to Redis', (routing) => {
  let node: TestNode
  let client: FakeClient
  const heard: Buffer[] = []

  /** A client that has received the first publication of the channel, whose hint is known. */
  async function begin(): Promise<string> {
    node = await hubs.node({
      inner: new RedisBus({ url: server.url, routing }),
      times: { pingIntervalMs: 60_000, auditIntervalMs: 200 },
    })
    const name = routing === 'broadcast' ? keys.allHints : keys.hints('room')
    heard.length = 0
    await listener.subscribe(name, (message) => void heard.push(message), true)
    client = await node.connected('', { oyez_ext: 1 })
    await client.subscribe('room')
    await node.hub.publish('room', 'm1')
    await client.received('room', 1)
    await waitFor(() => heard.length > 0)
    return name
  }

  /** The hint that was heard first, as the one of another offset (below 10) and with another letter in its data. */
  function forged(offset: number, letter: string): Buffer {
    const text = (heard[0] ?? Buffer.alloc(0)).toString('latin1')
    // The offset stands right before the record, which begins with an o.
    const moved = text.replace('\u00011o', `\u0001${offset}o`).replace('"m1"', `"${letter}1"`)
    return Buffer.from(moved, 'latin1')
  }

  it('cannot hide the record that has the same offset in silence', async () => {
    const name = await begin()
    await redis.publish(name, forged(2, 'x'))
    await client.received('room', 2)
    expect(client.publications('room')[1]).toMatchObject({ data: 'x1', offset: 2 })
    await node.hub.publish('room', 'm2')
    const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
    expect(push?.oyez_break).toMatchObject({ reason: 'fork', fork: 1 })
    await node.hub.publish('room', 'm3')
    await client.find((message) => message.push?.pub?.data === 'm3')
  })

  it('cannot add a record to a channel in silence', async () => {
    const name = await begin()
    await redis.publish(name, forged(2, 'x'))
    await client.received('room', 2)
    const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
    expect(push?.oyez_break).toMatchObject({ reason: 'fork', fork: 1, next: { offset: 1 } })
    await node.hub.publish('room', 'm2')
    await client.find((message) => message.push?.pub?.data === 'm2')
  })

  it('makes the node read the log with a hint that is cut short', async () => {
    const name = await begin()
    const whole = forged(2, 'm')
    node.bus.dropNextHints(1)
    await node.hub.publish('room', 'm2')
    await redis.publish(name, whole.subarray(0, -3))
    await client.find((message) => message.push?.pub?.data === 'm2')
    expect(client.publications('room').map(({ data }) => data)).toEqual(['m1', 'm2'])
    expect(node.hub.stats().breaks).toBe(0)
  })
})
