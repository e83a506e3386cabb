import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRecord, encodeInfo, encodeRecord } from '../../src/hub/record.ts'

test('a record comes back as it went in', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
      fc.option(fc.uint8Array({ minLength: 1, maxLength: 1_000 }), { nil: undefined }),
      fc.integer({ min: 1 }),
      (data, info, offset) => {
        const publication = decodeRecord(encodeRecord(data, info), offset)
        expect(publication?.offset).toBe(offset)
        expect(Buffer.from(publication?.data ?? []).equals(data)).toBe(true)
        expect(publication?.info === undefined ? undefined : [...publication.info]).toEqual(
          info === undefined ? undefined : [...info],
        )
      },
    ),
  )
})

test('bytes that no hub wrote are nothing, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const publication = decodeRecord(bytes, 1)
      if (bytes[0] !== 0x6f || bytes[1] !== 1 || (bytes[2] ?? 9) > 1) expect(publication).toBeUndefined()
    }),
  )
})

test('a record that was cut short or changed is nothing, or a record of the bytes that are left', () => {
  const info = encodeInfo({ user: 'ann', client: 'c1' })
  const whole = encodeRecord(Buffer.from('{"a":1}'), info)
  for (let length = 0; length <= 5 + info.length; length++) {
    expect(decodeRecord(whole.subarray(0, length), 1)).toBeUndefined()
  }
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
      const changed = new Uint8Array(whole)
      changed[at] = value
      const publication = decodeRecord(changed, 1)
      const size = (publication?.data.length ?? 0) + (publication?.info?.length ?? 0)
      expect(size).toBeLessThan(whole.length)
    }),
  )
})

test('publisher info longer than its length field is an error, not a wrong record', () => {
  expect(() => encodeRecord(Buffer.from('1'), new Uint8Array(65_536))).toThrow(RangeError)
  const longest = new Uint8Array(65_535).fill(0x20)
  expect(decodeRecord(encodeRecord(Buffer.from('1'), longest), 1)?.info?.length).toBe(65_535)
})

test('names in the info cannot break out of their JSON', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.jsonValue(), (user, client, value) => {
      const connInfo = Buffer.from(JSON.stringify(value))
      const parsed = JSON.parse(Buffer.from(encodeInfo({ user, client, connInfo })).toString()) as unknown
      expect(parsed).toEqual({ user, client, conn_info: JSON.parse(connInfo.toString()) as unknown })
    }),
  )
})
