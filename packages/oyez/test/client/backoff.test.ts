import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Backoff } from '../../src/client/backoff.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test('the bound of the delay doubles up to the cap, and the delay is a random part of it', () => {
  const backoff = new Backoff({ minMs: 500, maxMs: 3_000 })
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([250, 500, 1_000, 1_500, 1_500])
})

test('a success that lasted 10 s makes the next failure the first one again', () => {
  const backoff = new Backoff({ minMs: 500, maxMs: 20_000 })
  backoff.next()
  backoff.next()
  // The faked monotonic clock begins at 0, which stands for no success.
  vi.advanceTimersByTime(1)
  backoff.good()
  vi.advanceTimersByTime(10_000)
  expect(backoff.next()).toBe(250)
})

test('a success that ended sooner does not', () => {
  const backoff = new Backoff({ minMs: 500, maxMs: 20_000 })
  backoff.next()
  backoff.next()
  backoff.good()
  vi.advanceTimersByTime(9_999)
  expect(backoff.next()).toBe(1_000)
})
