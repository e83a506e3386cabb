import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ring, RingBudget } from '../../src/hub/ring.ts'
import type { Publication } from '../../src/protocol/message.ts'
import { range } from './hub-fixture.ts'

function publication(offset: number, bytes = 10): Publication {
  return { data: new Uint8Array(bytes), offset }
}

test('whatever is done to it, a ring is a window of the stream, and its bytes are accounted for', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), bytes: fc.nat(300) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('fill' as const), count: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), floor: fc.nat(50) }) },
  )
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 4_000 }),
      (steps, capacity, limit) => {
        const budget = new RingBudget(limit)
        const neighbour = new Ring(5, budget, 0)
        neighbour.push(publication(1, 50))
        const others = budget.usedBytes
        const ring = new Ring(capacity, budget, 20)
        let window: number[] = []
        let top = 20
        for (const one of steps) {
          if (one.do === 'push') {
            ring.push(publication(++top, one.bytes))
            window.push(top)
          } else if (one.do === 'fill') {
            const { floor } = ring
            ring.fill(range(Math.max(1, floor - one.count + 1), floor).map((offset) => publication(offset)))
            window = [...range(ring.floor + 1, floor), ...window]
          } else {
            ring.reset(one.floor)
            top = one.floor
            window = []
          }
          window = window.slice(window.length - (ring.top - ring.floor))
          // A window without holes that ends at the top.
          expect(ring.top).toBe(top)
          expect(ring.after(ring.floor, 1_000)?.map(({ offset }) => offset)).toEqual(range(ring.floor + 1, top))
          expect(window).toEqual(range(ring.floor + 1, top))
          expect(window.length).toBeLessThanOrEqual(capacity)
          expect(budget.usedBytes <= limit || window.length === 0).toBe(true)
          // What is asked for outside of it is not there.
          expect(ring.after(ring.floor - 1, 10)).toBeUndefined()
          expect(ring.after(top + 1, 10)).toBeUndefined()
          expect(ring.after(top, 10)).toEqual([])
          expect(ring.after(ring.floor, 2)?.length).toBe(Math.min(2, window.length))
        }
        ring.reset(0)
        expect(budget.usedBytes).toBe(others)
        neighbour.reset(0)
        expect(budget.usedBytes).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
})

test('a publication larger than the whole budget is not kept, and the stream goes on', () => {
  const budget = new RingBudget(500)
  const ring = new Ring(10, budget, 0)
  ring.push(publication(1, 10_000))
  expect(ring.top).toBe(1)
  expect(ring.floor).toBe(1)
  expect(budget.usedBytes).toBe(0)
  ring.push(publication(2, 10))
  expect(ring.after(1, 10)?.map(({ offset }) => offset)).toEqual([2])
})

test('filling from a list with a hole stops at the hole', () => {
  const ring = new Ring(10, new RingBudget(1 << 20), 8)
  ring.fill([1, 2, 5, 6, 7, 8].map((offset) => publication(offset)))
  expect(ring.floor).toBe(4)
})

test('a list is the same object until something changes, and never an old one', () => {
  const ring = new Ring(3, new RingBudget(1 << 20), 0)
  for (const offset of [1, 2, 3]) ring.push(publication(offset))
  const offsets = (after: number, limit: number): number[] | undefined =>
    ring.after(after, limit)?.map(({ offset }) => offset)
  const first = ring.after(1, 10)
  expect(ring.after(1, 10)).toBe(first)
  expect(offsets(1, 1)).toEqual([2])
  expect(offsets(2, 10)).toEqual([3])
  expect(offsets(1, 10)).toEqual([2, 3])
  ring.push(publication(4))
  expect(offsets(1, 10)).toEqual([2, 3, 4])
  expect(first?.map(({ offset }) => offset)).toEqual([2, 3])
  ring.push(publication(5))
  expect(offsets(1, 10)).toBeUndefined()
  ring.reset(1)
  expect(offsets(1, 10)).toEqual([])
  ring.push(publication(2))
  expect(offsets(1, 10)).toEqual([2])
  ring.reset(1)
  ring.fill([publication(1)])
  expect(offsets(0, 10)).toEqual([1])
})
