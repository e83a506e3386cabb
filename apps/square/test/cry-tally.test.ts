import { describe, expect, test } from 'vitest'
import { CryTally } from '../src/cry-tally.ts'

function tallyOf(of: number, numbers: readonly number[]): CryTally {
  const tally = new CryTally('run', of, numbers[0] ?? 1)
  for (const number of numbers) tally.add(number)
  return tally
}

describe("the count of the crier's calls", () => {
  test('is complete and flawless when every number came once, in order', () => {
    const tally = tallyOf(5, [1, 2, 3, 4, 5])
    expect([tally.received, tally.expected, tally.complete, tally.flawless]).toEqual([5, 5, true, true])
  })

  test('is flawless and not complete in the middle of a run', () => {
    const tally = tallyOf(5, [1, 2, 3])
    expect([tally.received, tally.complete, tally.flawless]).toEqual([3, false, true])
  })

  test('shows a number that was left out', () => {
    const tally = tallyOf(5, [1, 2, 4, 5])
    expect([tally.missing, tally.complete, tally.flawless]).toEqual([1, false, false])
  })

  test('shows a repeat and does not count it as received', () => {
    const tally = tallyOf(3, [1, 2, 2, 3])
    expect([tally.received, tally.repeats, tally.complete, tally.flawless]).toEqual([3, 1, true, false])
  })

  test('shows a number that came late', () => {
    const tally = tallyOf(3, [1, 3, 2])
    expect([tally.late, tally.missing, tally.flawless]).toEqual([1, 0, false])
  })

  test('expects only the rest when the page was opened in the middle of a run', () => {
    const tally = tallyOf(5, [3, 4, 5])
    expect([tally.received, tally.expected, tally.complete, tally.flawless]).toEqual([3, 3, true, true])
  })
})
