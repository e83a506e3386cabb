import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASSUMPTIONS } from '../../src/plan/assumptions.ts'
import { type Capacity, capacityOf } from '../../src/plan/capacity.ts'
import { MEASURED } from '../../src/plan/unit-costs.ts'
import { readWorkload, type Workload } from '../../src/plan/workload.ts'

const COSTS = MEASURED.values

function plan(given: Parameters<typeof readWorkload>[0]): Capacity {
  const capacity = capacityOf(readWorkload(given), COSTS)
  if (capacity === undefined) throw new Error('no number of nodes is enough')
  return capacity
}

const loads: fc.Arbitrary<Workload> = fc
  .record({
    connections: fc.integer({ min: 1, max: 10_000_000 }),
    channels: fc.integer({ min: 1, max: 1_000_000 }),
    publications: fc.integer({ min: 0, max: 3_000 }),
    userMessages: fc.integer({ min: 0, max: 100_000 }),
    fanShare: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ fanShare, ...numbers }) =>
    readWorkload({
      subscriptions: '1',
      fanOut: String(Math.floor(Math.min(numbers.connections, 10_000) * fanShare)),
      ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, String(value)])),
    }),
  )

describe('the number of nodes', () => {
  it('is enough when one of them is lost, and one fewer would not be', () => {
    fc.assert(
      fc.property(loads, (workload) => {
        const capacity = capacityOf(workload, COSTS)
        if (capacity === undefined) return
        const fits = (nodes: number): boolean => {
          const at = capacityOf({ ...workload, nodes }, COSTS) as Capacity
          return (
            at.busiestShare <= workload.busyShare &&
            at.nodeBytes <= workload.nodeMemoryBytes &&
            at.connectionsPerNode <= ASSUMPTIONS.connectionsPerNode.value
          )
        }
        expect(fits(capacity.nodes)).toBe(true)
        expect(fits(capacity.nodes - 1)).toBe(true)
        if (capacity.nodes > 2) expect(fits(capacity.nodes - 2)).toBe(false)
      }),
    )
  })

  it('is bound by what there is too much of', () => {
    expect(plan({ connections: '100' }).boundBy).toBe('one to spare')
    expect(plan({ connections: '1000000', publications: '0' }).boundBy).toBe('connections')
    expect(plan({ connections: '1000000', publications: '0', nodeMemoryBytes: '256' }).boundBy).toBe('memory')
    expect(plan({ connections: '10000', channels: '10', subscriptions: '1', publications: '1000' }).boundBy).toBe('CPU')
    expect(plan({ connections: '10000', nodes: '7' })).toMatchObject({ boundBy: 'the number given', nodes: 7 })
  })

  it('is none when every node would hear more than a core can take in', () => {
    const load = { connections: '1000000', channels: '1', subscriptions: '1', publications: '100000' }
    expect(capacityOf(readWorkload(load), COSTS)).toBeUndefined()
  })

  it('reaches to ten million connections', () => {
    const { nodes, connectionsPerNode } = plan({ connections: '10000000', channels: '1000000', publications: '20000' })
    expect(nodes * connectionsPerNode).toBeGreaterThanOrEqual(10_000_000)
  })
})

it('deliveries, hints and bytes follow from the load', () => {
  const capacity = plan({
    connections: '1000',
    channels: '1',
    subscriptions: '1',
    publications: '10',
    userMessages: '5',
    payloadBytes: '100',
    nodes: '4',
  })
  expect(capacity.deliveries).toBe(10 * 1_000 + 5)
  // Everybody follows the one channel, so every node hears all of it; a message to a user is heard by one.
  expect(capacity.hints).toBeCloseTo(10 * 4 + 5)
  expect(capacity.clientBits).toBe(8 * 10_005 * (100 + 75 + 88))
})

it('a publication that few subscribe to is heard by few nodes, however many there are', () => {
  const load = { connections: '100000', channels: '50000', subscriptions: '1', publications: '1000' }
  expect(plan({ ...load, nodes: '100' }).hints).toBeLessThanOrEqual(2_000)
})

it('a node with many connections pays more for a delivery than one with few, within what was measured', () => {
  const cost = (connections: number): number =>
    plan({
      connections: String(connections),
      channels: '1',
      subscriptions: '1',
      publications: '20',
      nodes: '1',
      payloadBytes: '64',
    }).cpuUsPerDelivery
  expect(cost(40_000)).toBeGreaterThanOrEqual(COSTS.coldDeliveryUs)
  expect(cost(40_000) - cost(8_000)).toBeLessThan(1)
})
