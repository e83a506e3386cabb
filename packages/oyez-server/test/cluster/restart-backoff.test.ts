import { expect, it } from 'vitest'
import { RestartBackoff } from '../../src/cluster/restart-backoff.ts'

it('a worker that dies again and again is replaced ever more slowly, at most every ten seconds', () => {
  const backoff = new RestartBackoff()
  const delays = Array.from({ length: 9 }, () => backoff.next(50))
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
})

it('a worker that lived well is replaced at once', () => {
  const backoff = new RestartBackoff()
  for (let death = 0; death < 5; death += 1) backoff.next(50)
  expect(backoff.next(60_000)).toBe(100)
})
