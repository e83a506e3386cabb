import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hintedChannel, hintHead, hintHeadText, parseHint, parseOffset } from '../../../src/bus/redis/hint-envelope.ts'

/** As the append script writes it. */
function positioned(head: Buffer, [epoch, offset]: [string, string], record: Uint8Array): Buffer {
  const part = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])
  return Buffer.concat([head, part(epoch), part(offset), record])
}

it('a hint comes out as it went in', () => {
  fc.assert(
    fc.property(
      fc.option(fc.string({ unit: 'grapheme', maxLength: 60 }), { nil: undefined }),
      fc.option(
        fc.record({ epoch: fc.stringMatching(/^[\w.-]{1,80}$/), offset: fc.maxSafeNat().filter((n) => n > 0) }),
        {
          nil: undefined,
        },
      ),
      fc.uint8Array({ maxLength: 300 }),
      (channel, position, bytes) => {
        const head = hintHead({ positioned: position !== undefined, length: bytes.byteLength, channel })
        const message =
          position === undefined
            ? Buffer.concat([head, bytes])
            : positioned(head, [position.epoch, String(position.offset)], bytes)
        expect(parseHint(message)).toEqual({ channel, position, bytes })
      },
    ),
  )
})

it('no message at all makes it throw, and what it accepts is sound', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (noise, versioned) => {
      const message = Buffer.from(noise)
      if (versioned && message.length > 1) message.set([1, (message[1] ?? 0) & 7])
      const hint = parseHint(message)
      if (hint?.position === undefined) return
      expect(Number.isSafeInteger(hint.position.offset)).toBe(true)
      expect(hint.position.offset).toBeGreaterThan(0)
      expect(hint.position.epoch).not.toBe('')
    }),
    { numRuns: 2_000 },
  )
})

it('a hint that was cut short or made longer anywhere is not read', () => {
  const whole = positioned(
    hintHead({ positioned: true, length: 6, channel: 'room' }),
    ['abc.0123456789', '12345'],
    Buffer.from('record'),
  )
  for (let length = 0; length < whole.length; length++) {
    expect(parseHint(whole.subarray(0, length)), `${length} bytes`).toBeUndefined()
  }
  expect(parseHint(Buffer.concat([whole, Buffer.from('x')]))).toBeUndefined()
  expect(hintedChannel(whole.subarray(0, -1))).toBe('room')
})

it('the bytes of a hint are a copy of their own', () => {
  const message = Buffer.concat([hintHead({ positioned: false, length: 3 }), Buffer.from('abc')])
  const hint = parseHint(message)
  message.fill(0)
  expect(Buffer.from(hint?.bytes ?? []).toString()).toBe('abc')
  expect(hint?.bytes.buffer.byteLength).toBe(3)
})

it('a hint of another version is not read', () => {
  const message = Buffer.concat([hintHead({ positioned: false, length: 3 }), Buffer.from('abc')])
  message[0] = 2
  expect(parseHint(message)).toBeUndefined()
})

it('offsets are safe whole numbers or nothing', () => {
  expect(['0', '7', '9007199254740991'].map(parseOffset)).toEqual([0, 7, 9_007_199_254_740_991])
  for (const text of ['', '-1', '1.5', '1e3', ' 1', '9007199254740992', '12345678901234567', 'x']) {
    expect(parseOffset(text)).toBeUndefined()
  }
})

it('a hint of a node of an earlier version, without a length, is read', () => {
  const message = positioned(Buffer.from([1, 2]), ['abc.0123456789', '7'], Buffer.from('record'))
  expect(parseHint(message)).toMatchObject({ position: { epoch: 'abc.0123456789', offset: 7 } })
})

it('the head as text has the bytes of the head', () => {
  for (const length of [0, 1, 127, 128, 70_000, 2_097_152]) {
    expect(Buffer.from(hintHeadText(length))).toEqual(hintHead({ positioned: true, length }))
  }
})
