import { expect, it } from 'vitest'
import { parseDuration } from '../../src/config/duration.ts'

it('units and plain milliseconds are understood', () => {
  const cases = {
    '250ms': 250,
    '300s': 300_000,
    '5m': 300_000,
    '1.5h': 5_400_000,
    '7d': 604_800_000,
    '80': 80,
    ' 2 s ': 2_000,
  }
  for (const [text, milliseconds] of Object.entries(cases)) expect(parseDuration(text), text).toBe(milliseconds)
  expect(parseDuration(1_000)).toBe(1_000)
})

it('everything else is not', () => {
  for (const value of ['', 's', '5 minutes', '-1s', '1s1s', '0', 0, -5, 1.5, Number.NaN, null, undefined, {}, true]) {
    expect(parseDuration(value), JSON.stringify(value)).toBeUndefined()
  }
})
