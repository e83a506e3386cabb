import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Repeats } from '../../src/log/repeats.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

it('of many equal lines the first goes through, and the next after the quiet time says how many there were', () => {
  const repeats = new Repeats(1_000)
  expect(repeats.admit('storm')).toBe(0)
  for (let count = 0; count < 5; count += 1) expect(repeats.admit('storm')).toBeUndefined()
  expect(repeats.admit('another')).toBe(0)
  vi.advanceTimersByTime(1_000)
  expect(repeats.admit('storm')).toBe(5)
})
