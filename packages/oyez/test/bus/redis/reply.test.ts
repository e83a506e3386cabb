import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BusError } from '../../../src/bus/bus-error.ts'
import { parseAppendReply, parseHeadsReply, parseReadReply } from '../../../src/bus/redis/reply.ts'

const EPOCH = 'AAAAAAAAAAAAAAAAAAAAAA.0123456789'

it('answers that no script of ours gives are errors of the bus and nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.string()))), (reply) => {
      for (const parse of [parseAppendReply, (r: unknown) => parseReadReply(r, false)]) {
        try {
          parse(reply)
        } catch (error) {
          expect(error).toBeInstanceOf(BusError)
        }
      }
      expect(parseHeadsReply(reply, 3)).toHaveLength(3)
    }),
  )
})

it('records up to the first hole or foreign entry are taken', () => {
  const entry = (id: string): [string, Buffer] => [id, Buffer.from(id)]
  const offsets = (ids: string[], reverse = false): number[] => {
    const result = parseReadReply([1, EPOCH, '9', '0', ...ids.flatMap(entry)], reverse)
    return result.verdict === 'continue' ? result.records.map(({ offset }) => offset) : []
  }
  expect(offsets(['3-0', '4-0', '5-0'])).toEqual([3, 4, 5])
  expect(offsets(['5-0', '4-0', '3-0'], true)).toEqual([5, 4, 3])
  expect(offsets(['3-0', '5-0'])).toEqual([3])
  expect(offsets(['3-0', '3-1', '4-0'])).toEqual([3])
  expect(offsets(['3-0', 'x'])).toEqual([3])
})

it('an epoch that is not ours is no position', () => {
  expect(parseHeadsReply(['x', '1', EPOCH, '2', EPOCH, '-2'], 3)).toEqual([
    undefined,
    { epoch: EPOCH, offset: 2 },
    undefined,
  ])
})
