import { describe, expect, test } from 'vitest'
import { MAX_TEXT, readCry, readNotice, readPresence } from '../src/payload.ts'

const foreign: readonly unknown[] = [null, undefined, 7, 'text', [], {}, { text: 7 }, { run: 1, number: 1, of: 1 }]

describe('what other pages send', () => {
  test.each(foreign.map((data) => [JSON.stringify(data), data]))('is nothing when it is %s', (_json, data) => {
    expect([readNotice(data), readCry(data), readPresence(data)]).toEqual([undefined, undefined, undefined])
  })

  test('is cut when a text is too long', () => {
    expect(readNotice({ text: 'a'.repeat(MAX_TEXT + 1), node: 'w1' })?.text).toHaveLength(MAX_TEXT)
  })

  test.each([
    { run: 'r', number: 0, of: 5 },
    { run: 'r', number: 6, of: 5 },
    { run: 'r', number: 1.5, of: 5 },
    { run: 'r', number: 1, of: 1_000_000 },
  ])('is no call when its numbers make no sense: $number of $of', (data) => {
    expect(readCry(data)).toBeUndefined()
  })
})
