import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReadGate, type Reader, ReaderGoneError } from '../../src/hub/read-gate.ts'
import { deferred, turn } from './hub-fixture.ts'

/** Somebody who reads until told to leave. */
function reader(): { isListening: boolean } {
  return { isListening: true }
}

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
            gate.run(reader(), async () => {
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
  const one = reader()
  void gate.run(one, () => first.promise)
  const waiting = ['a', 'b', 'c'].map((name) => gate.run(one, async () => order.push(name)))
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
  await expect(gate.run(reader(), fail)).rejects.toThrow('at once')
  expect(await gate.run(reader(), async () => 'next')).toBe('next')
})

/** Starts reads that end when the test says so. */
function holdReads(gate: ReadGate): {
  readonly started: string[]
  add(who: Reader, name: string): Promise<unknown>
  endAll(): Promise<void>
} {
  const started: string[] = []
  const ends: (() => void)[] = []
  return {
    started,
    add: (who, name) =>
      gate.run(who, () => {
        started.push(name)
        const end = deferred<void>()
        ends.push(() => end.resolve())
        return end.promise
      }),
    endAll: async () => {
      for (const end of ends.splice(0)) end()
      await turn()
    },
  }
}

test('a reader with many reads delays another reader by one read at most', async () => {
  const reads = holdReads(new ReadGate(1))
  const [greedy, modest] = [reader(), reader()]
  for (let n = 1; n <= 5; n++) void reads.add(greedy, `greedy ${n}`)
  void reads.add(modest, 'modest 1')
  while (reads.started.length < 4) await reads.endAll()
  expect(reads.started).toEqual(['greedy 1', 'modest 1', 'greedy 2', 'greedy 3'])
  await reads.endAll()
})

test('one reader has at most its own share of the reads running', async () => {
  const reads = holdReads(new ReadGate(4, 2))
  const [greedy, modest] = [reader(), reader()]
  for (let n = 1; n <= 5; n++) void reads.add(greedy, 'greedy')
  expect(reads.started).toEqual(['greedy', 'greedy'])
  void reads.add(modest, 'modest')
  expect(reads.started).toEqual(['greedy', 'greedy', 'modest'])
  while (reads.started.length < 6) await reads.endAll()
  await reads.endAll()
})

test('the waiting reads of a reader that left never start, and nothing of the reader is kept', async () => {
  const gate = new ReadGate(1)
  const reads = holdReads(gate)
  const [leaver, other] = [reader(), reader()]
  const running = reads.add(leaver, 'running')
  const waiting = [reads.add(leaver, 'waiting'), reads.add(leaver, 'waiting')].map((read) =>
    read.catch((error: unknown) => error),
  )
  leaver.isListening = false
  gate.leave(leaver)
  for (const read of waiting) expect(await read).toBeInstanceOf(ReaderGoneError)
  const next = reads.add(other, 'other')
  await reads.endAll()
  await running
  await reads.endAll()
  await next
  expect(reads.started).toEqual(['running', 'other'])
  await turn()
  expect(gate.readers).toBe(0)
})

test('a read of a reader that stopped listening is dropped when its turn comes', async () => {
  const gate = new ReadGate(1)
  const reads = holdReads(gate)
  const leaver = reader()
  void reads.add(reader(), 'first')
  const late = reads.add(leaver, 'late').catch((error: unknown) => error)
  leaver.isListening = false
  await reads.endAll()
  expect(await late).toBeInstanceOf(ReaderGoneError)
  expect(reads.started).toEqual(['first'])
})
