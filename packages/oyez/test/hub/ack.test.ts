import { expect, test } from 'vitest'
import type { AppendAck, AppendRequest } from '../../src/bus/bus.ts'
import { BusError } from '../../src/bus/bus-error.ts'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()

/** A bus that notes how safe each record was to be, and has every level. */
class SafeBus extends MemoryBus {
  readonly asked: (AppendAck | undefined)[] = []

  override append({ ack, ...request }: AppendRequest): ReturnType<MemoryBus['append']> {
    this.asked.push(ack)
    return super.append(request)
  }
}

test('a publication is as safe as the call says, else as the rule of its channel says, else accepted', async () => {
  const inner = new SafeBus({ broker: hubs.broker })
  const channels = { defaults: { publish: 'anyone' }, namespaces: { pay: { ack: { replicas: 2 } } } } as const
  const { hub } = await hubs.node({ inner, channels })
  await hub.publish('news', 1)
  await hub.publish('news', 2, { ack: 'durable' })
  await hub.publish('pay:1', 3)
  await hub.publish('pay:1', 4, { ack: 'accepted' })
  await hub.sendToUser('ann', 5, { ack: { replicas: 1 } })
  expect(inner.asked).toEqual(['accepted', 'durable', { replicas: 2 }, 'accepted', { replicas: 1 }])
})

test('the rule holds for the publications of clients too', async () => {
  const inner = new SafeBus({ broker: hubs.broker })
  const node = await hubs.node({ inner, channels: { defaults: { publish: 'anyone', ack: 'durable' } } })
  const client = await node.connected('ann')
  expect((await client.publish('news', 1)).publish?.offset).toBe(1)
  expect(inner.asked).toEqual(['durable'])
})

test('a level that is not reached in time is bus-uncertain, and a temporary error for a client, which tries again', async () => {
  const node = await hubs.node()
  const slow = new BusError('uncertain', 'one replica too few')
  node.bus.failNext('append', slow)
  await expect(node.hub.publish('news', 1)).rejects.toMatchObject({ code: 'bus-uncertain', cause: slow })
  node.bus.failNext('append', slow)
  const client = await node.connected('ann')
  expect((await client.publish('news', 1)).error).toMatchObject({ code: 100, temporary: true })
})

test('a level that the bus does not have is bus-refused, and nothing is published', async () => {
  const { hub } = await hubs.node()
  await expect(hub.publish('news', 1, { ack: 'durable' })).rejects.toMatchObject({ code: 'bus-refused' })
  expect((await hub.history('news')).publications).toEqual([])
})

test('a value that is no level is a mistake of the caller, named', async () => {
  const { hub } = await hubs.node()
  for (const ack of ['stored', { replicas: 0 }, { replicas: 1.5 }, {}, null]) {
    await expect(hub.publish('news', 1, { ack: ack as AppendAck })).rejects.toThrow(/^PublishOptions\.ack must be/)
    const channels = { defaults: { ack: ack as AppendAck } }
    await expect(hubs.node({ channels })).rejects.toThrow(/^channels\.defaults\.ack must be/)
  }
})
