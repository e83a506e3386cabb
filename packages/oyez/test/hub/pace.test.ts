import { expect, test } from 'vitest'
import { Pace } from '../../src/hub/pace.ts'

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('many are served in the order in which they came, at most 500 in a turn of the event loop', async () => {
  const done: number[] = []
  const pace = new Pace<number>((n) => done.push(n))
  for (let n = 0; n < 1_200; n++) pace.add(n)
  const counts: number[] = []
  while (!pace.isIdle) {
    await turnOfTheLoop()
    counts.push(done.length)
  }
  expect(counts).toEqual([500, 1_000, 1_200])
  expect(done).toEqual(Array.from({ length: 1_200 }, (_, n) => n))
})

test('what is added while others are served has its turn, and nobody is served twice', async () => {
  const done: number[] = []
  const pace: Pace<number> = new Pace<number>((n) => {
    done.push(n)
    if (n < 3) pace.add(n + 1)
  })
  pace.add(1)
  while (!pace.isIdle) await turnOfTheLoop()
  expect(done).toEqual([1, 2, 3])
})
