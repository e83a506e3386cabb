import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReadGate } from '../../src/hub/read-gate.ts'
import { deferred, turn } from './hub-fixture.ts'

test('never more than the limit run at a time, all run, and a failed one gives its place on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.boolean(), { maxLength: 40 }),
      async (limit, fates) => {
        const gate = new ReadGate(limit)
        let running = 0
        let most = 0
        const results = await Promise.allSettled(
          fates.map((succeeds, index) =>
            gate.run(async () => {
              most = Math.max(most, ++running)
              await new Promise((resolve) => setImmediate(resolve))
              running -= 1
              if (!succeeds) throw new Error(`read ${index}`)
              return index
            }),
          ),
        )
        expect(most).toBeLessThanOrEqual(limit)
        if (fates.length >= limit) expect(most).toBe(limit)
        expect(results.map(({ status }) => status === 'fulfilled')).toEqual(fates)
      },
    ),
    { numRuns: 50 },
  )
})

test('whoever waits is served in the order of asking', async () => {
  const gate = new ReadGate(1)
  const first = deferred<void>()
  const order: string[] = []
  void gate.run(() => first.promise)
  const waiting = ['a', 'b', 'c'].map((name) => gate.run(async () => order.push(name)))
  await turn()
  expect(order).toEqual([])
  first.resolve()
  await Promise.all(waiting)
  expect(order).toEqual(['a', 'b', 'c'])
})

test('a read that throws at once frees its place', async () => {
  const gate = new ReadGate(1)
  const fail = (): Promise<never> => {
    throw new Error('at once')
  }
  await expect(gate.run(fail)).rejects.toThrow('at once')
  expect(await gate.run(async () => 'next')).toBe('next')
})
