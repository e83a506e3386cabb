import { expect, test } from 'vitest'
import type { AppendRequest, AppendResult } from '../../src/bus/bus.ts'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { networkOf, producerOwner } from '../../src/hub/producer-owner.ts'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()

/** Notes whose producers it was told of. */
class NotingBus extends MemoryBus {
  readonly owners: (string | undefined)[] = []

  override append(request: AppendRequest): Promise<AppendResult> {
    this.owners.push(request.producer?.owner)
    return super.append(request)
  }

  override closeProducer(channel: string, producerId: string, owner?: string): Promise<number> {
    this.owners.push(owner)
    return super.closeProducer(channel, producerId, owner)
  }
}

test('the bus is told whose a producer is: one owner for each user, whatever the connection and the id', async () => {
  const bus = new NotingBus()
  const node = await hubs.node({ inner: bus })
  const bob = await node.connected('bob', { oyez_ext: 1 })
  const bobElsewhere = await node.connected('bob', { oyez_ext: 1 })
  const ann = await node.connected('ann', { oyez_ext: 1 })
  for (const [client, producer] of [
    [bob, 'p1'],
    [bob, 'p2'],
    [bobElsewhere, 'p3'],
    [ann, 'p1'],
  ] as const) {
    const answer = await client.publish('room', 1, { oyez_producer: producer, oyez_seq: 1 })
    expect(answer.publish).toBeDefined()
  }
  await ann.ask({ oyez_close: { channel: 'room', oyez_producer: 'p9' } })
  const [first, second, third, fourth, closed] = bus.owners
  expect(first).toMatch(/^[\w-]{11}$/)
  expect([second, third]).toEqual([first, first])
  expect(fourth).not.toBe(first)
  expect(closed).toBe(fourth)
})

test('anonymous connections from one network have one owner, those from another have another', () => {
  const owner = (remoteAddress: string): string => producerOwner({ userId: '', remoteAddress })
  expect(owner('192.0.2.1')).toBe(owner('::ffff:192.0.2.1'))
  expect(owner('192.0.2.1')).not.toBe(owner('192.0.2.2'))
  expect(owner('2001:db8:1:2:3:4:5:6')).toBe(owner('2001:db8:1:2::9'))
  expect(owner('2001:db8:1:2::1')).not.toBe(owner('2001:db8:1:3::1'))
  expect(owner('x')).not.toBe(producerOwner({ userId: 'x', remoteAddress: 'x' }))
})

test.each([
  ['::1', '0:0:0:0'],
  ['2001:0DB8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['10.0.0.1', '10.0.0.1'],
  ['', ''],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
