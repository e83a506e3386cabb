import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cursor } from '../../src/client/cursor.ts'
import { decodeServerFrame, type IncomingResult } from '../../src/protocol/json-client-codec.ts'

function subscribed(fields: object): IncomingResult {
  const [message] = decodeServerFrame(JSON.stringify({ id: 1, subscribe: { recoverable: true, ...fields } }))
  if (message?.type !== 'result') throw new Error('no result')
  return message.result
}

const publication = (offset: number) => ({ data: offset, offset })

test('whatever the order of arrival, what is delivered has neither hole nor repeat', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), (offsets) => {
      const cursor = new Cursor()
      cursor.start(subscribed({ epoch: 'e', offset: 3 }))
      const delivered: number[] = []
      for (const offset of offsets) {
        const before = cursor.position?.offset ?? 0
        const accepted = cursor.take(publication(offset), (one) => delivered.push(one.offset))
        // Only what would leave a hole is refused.
        expect(accepted).toBe(offset <= before + 1)
      }
      expect(delivered).toEqual(delivered.map((_, index) => 4 + index))
      expect(cursor.position).toEqual({ epoch: 'e', offset: 3 + delivered.length })
    }),
  )
})

test('the position moves after the delivery has returned', () => {
  const cursor = new Cursor()
  cursor.start(subscribed({ epoch: 'e', offset: 7 }))
  cursor.take(publication(8), () => expect(cursor.position?.offset).toBe(7))
  expect(cursor.position?.offset).toBe(8)
})

test('a recovered stream goes on from our own offset under the epoch of the answer', () => {
  const cursor = new Cursor()
  cursor.start(subscribed({ epoch: 'e', offset: 7 }))
  expect(cursor.start(subscribed({ epoch: 'f', offset: 9, recovered: true }))).toBeUndefined()
  expect(cursor.position).toEqual({ epoch: 'f', offset: 7 })
})

test('a stream that could not be recovered is a break, with the reason if the server gives one', () => {
  const cursor = new Cursor()
  cursor.start(subscribed({ epoch: 'e', offset: 7 }))
  const oyez_break = { reason: 'fork', last: { epoch: 'e', offset: 7 }, next: { epoch: 'f', offset: 5 }, fork: 4 }
  expect(cursor.start(subscribed({ epoch: 'f', offset: 5, oyez_break }))).toEqual(oyez_break)
  expect(cursor.start(subscribed({ epoch: 'g', offset: 2 }))).toEqual({
    reason: 'unknown',
    last: { epoch: 'f', offset: 5 },
    next: { epoch: 'g', offset: 2 },
  })
})

test('publications without an offset are delivered and change nothing', () => {
  const cursor = new Cursor()
  cursor.start(subscribed({ recoverable: false }))
  const delivered: unknown[] = []
  for (const data of ['a', 'b']) expect(cursor.take({ data, offset: 0 }, (one) => delivered.push(one.data))).toBe(true)
  expect(delivered).toEqual(['a', 'b'])
  expect(cursor.position).toBeUndefined()
})
