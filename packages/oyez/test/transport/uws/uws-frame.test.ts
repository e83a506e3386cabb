import fc from 'fast-check'
import { expect, it } from 'vitest'
import { packUwsBinary, packUwsText, payloadsOf } from '../../../src/transport/uws/uws-frame.ts'

const frames = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 300 })), { maxLength: 8 })
const text = (payloads: readonly Uint8Array[]): string[] => payloads.map((bytes) => Buffer.from(bytes).toString('hex'))
const source = (frame: string | Uint8Array): Uint8Array => Buffer.from(frame as string)

it('whatever is packed comes out again, one payload a frame, also from packs that were joined', () => {
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 4 }), (packs) => {
      const packed = packs.map((one) => packUwsText(one))
      for (const [index, one] of packed.entries()) {
        expect(text(payloadsOf(one))).toEqual(text((packs[index] ?? []).map(source)))
      }
      const joined = { bytes: Buffer.concat(packed.map(({ bytes }) => bytes)) }
      expect(text(payloadsOf(joined))).toEqual(text(packs.flat().map(source)))
    }),
  )
})

it('payloads are cut out once and shared by all who write them', () => {
  const packed = packUwsBinary(['a', 'b'])
  expect(payloadsOf(packed)).toBe(payloadsOf(packed))
})

it('text and binary are two kinds, so that their connections do not share batches', () => {
  expect(packUwsText).not.toBe(packUwsBinary)
})
