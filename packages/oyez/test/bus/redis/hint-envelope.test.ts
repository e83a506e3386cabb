import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hintHead, parseHint, parseOffset } from '../../../src/bus/redis/hint-envelope.ts'

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
        const head = hintHead(position !== undefined, channel)
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
      if (versioned && message.length > 1) message.set([1, (message[1] ?? 0) & 3])
      const hint = parseHint(message)
      if (hint?.position === undefined) return
      expect(Number.isSafeInteger(hint.position.offset)).toBe(true)
      expect(hint.position.offset).toBeGreaterThan(0)
      expect(hint.position.epoch).not.toBe('')
    }),
    { numRuns: 2_000 },
  )
})

it('a hint that ends within its head is not read', () => {
  const whole = positioned(hintHead(true, 'room'), ['abc.0123456789', '12345'], Buffer.from('record'))
  for (let length = 0; length < whole.length - 'record'.length; length++) {
    expect(parseHint(whole.subarray(0, length)), `${length} bytes`).toBeUndefined()
  }
})

it('the bytes of a hint are a copy of their own', () => {
  const message = Buffer.concat([hintHead(false), Buffer.from('abc')])
  const hint = parseHint(message)
  message.fill(0)
  expect(Buffer.from(hint?.bytes ?? []).toString()).toBe('abc')
  expect(hint?.bytes.buffer.byteLength).toBe(3)
})

it('a hint of another version is not read', () => {
  const message = Buffer.concat([hintHead(false), Buffer.from('abc')])
  message[0] = 2
  expect(parseHint(message)).toBeUndefined()
})

it('offsets are safe whole numbers or nothing', () => {
  expect(['0', '7', '9007199254740991'].map(parseOffset)).toEqual([0, 7, 9_007_199_254_740_991])
  for (const text of ['', '-1', '1.5', '1e3', ' 1', '9007199254740992', '12345678901234567', 'x']) {
    expect(parseOffset(text)).toBeUndefined()
  }
})
