import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ReadRequest } from '../../src/bus/bus.ts'
import { RedisBus } from '../../src/bus/redis/index.ts'
import { RedisServer } from '../fixture/redis-server.ts'
import { type FakeClient, eventually, range, useHubs } from './hub-fixture.ts'

const hubs = useHubs()
let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.cleanup())

/** Notes the reads that are started, and how many of the large channel run at a time. */
class CountingBus extends RedisBus {
  readonly started: string[] = []
  mostBytes = 0
  mostRunning = 0
  #running = 0

  override async read(request: ReadRequest): ReturnType<RedisBus['read']> {
    this.started.push(request.channel)
    const isLarge = request.channel === 'large'
    if (isLarge) this.mostRunning = Math.max(this.mostRunning, ++this.#running)
    try {
      const result = await super.read(request)
      if (result.verdict === 'continue') {
        const bytes = result.records.reduce((sum, { record }) => sum + record.byteLength, 0)
        this.mostBytes = Math.max(this.mostBytes, bytes)
      }
      return result
    } finally {
      if (isLarge) this.#running -= 1
    }
  }

  get largeReads(): number {
    return this.started.filter((channel) => channel === 'large').length
  }
}

async function attackedNode(): Promise<{
  bus: CountingBus
  connected: (user?: string) => Promise<FakeClient>
}> {
  const bus = new CountingBus({ url: server.url, prefix: `attack-${Math.random().toString(36).slice(2)}` })
  const node = await hubs.node({ inner: bus })
  const { hub } = node
  for (let n = 0; n < 100; n++) await hub.publish('large', 'x'.repeat(65_000))
  return { bus, connected: (user) => node.connected(user) }
}

/** 256 history commands in one frame. */
function attack(client: FakeClient, command: object = { history: { channel: 'large', limit: 100 } }): void {
  client.transport.receive(
    range(1_000, 1_255)
      .map((id) => JSON.stringify({ id, ...command }))
      .join('\n'),
  )
}

test('256 history commands of one client in one frame do not delay the subscribe of another client', async () => {
  const { bus, connected } = await attackedNode()
  const [attacker, victim] = [await connected(), await connected()]
  attack(attacker)
  await victim.subscribe('room')
  // The first read of the room did not wait for the 256 reads of the attacker, only a few of which ran until the room was subscribed on the bus.
  expect(bus.started).toContain('room')
  expect(bus.started.indexOf('room')).toBeLessThan(40)
  attacker.transport.hangUp()
  await eventually(() => bus.largeReads > 0)
  expect(bus.mostRunning).toBeLessThanOrEqual(2)
  expect(bus.mostBytes).toBeLessThanOrEqual(1_048_576)
})

test('no read is started for a client that has left, however often it comes back', async () => {
  const { bus, connected } = await attackedNode()
  const victim = await connected()
  const before = bus.largeReads
  for (let n = 0; n < 148; n++) {
    const attacker = await connected()
    attack(attacker)
    attacker.transport.hangUp()
  }
  const atEnd = bus.largeReads
  await victim.subscribe('room')
  expect((await victim.ask({ history: { channel: 'room', limit: 10 } })).history).toBeDefined()
  expect(bus.largeReads).toBe(atEnd)
  expect(atEnd - before).toBeLessThanOrEqual(2 * 148)
  expect(bus.mostRunning).toBeLessThanOrEqual(8)
})

test('history reads of one client do not hold up the recovery of another client', async () => {
  const { bus, connected } = await attackedNode()
  const [attacker, victim] = [await connected(), await connected()]
  const { history } = await victim.ask({ history: { channel: 'large' } })
  attack(attacker)
  const result = await victim.subscribe('large', { recover: true, epoch: history?.epoch, offset: 0 })
  expect(result.recovered).toBe(true)
  // The attacker asked for 256 answers first, and far fewer were read before the turn of the victim.
  expect(bus.largeReads).toBeLessThan(20)
  attacker.transport.hangUp()
})

test('a client that leaves right after it subscribes to 128 names makes the node subscribe to none of them', async () => {
  const { bus, connected } = await attackedNode()
  const [attacker, victim] = [await connected(), await connected()]
  const names = range(1, 128).map((n) => `invented-${n}`)
  attacker.transport.receive(
    names.map((channel, index) => JSON.stringify({ id: 10 + index, subscribe: { channel } })).join('\n'),
  )
  attacker.transport.hangUp()
  await victim.subscribe('room')
  expect(bus.started.filter((channel) => channel.startsWith('invented'))).toEqual([])
})
