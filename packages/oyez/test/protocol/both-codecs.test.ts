import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeServerFrame, encodeCommand } from '../../src/protocol/json-client-codec.ts'
import { jsonCodec } from '../../src/protocol/json-codec.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })

it('what a hub writes of a publication, a client reads', () => {
  fc.assert(
    fc.property(fc.string(), fc.json(), offset, (channel, json, at) => {
      const frame = jsonCodec.encode({ type: 'publication', channel, publication: { data: bytes(json), offset: at } })
      expect(decodeServerFrame(frame)).toMatchObject([
        { type: 'publication', channel, publication: { data: JSON.parse(json) as unknown, offset: at } },
      ])
    }),
  )
})

it('what a hub writes of a subscription, a client reads', () => {
  const position = fc.record({ epoch: fc.string(), offset })
  const reason = fc.constantFrom('new-log', 'fork', 'trimmed', 'unknown')
  fc.assert(
    fc.property(position, fc.option(fc.record({ reason, last: position, next: position })), (at, broken) => {
      const result = {
        recoverable: true,
        ...at,
        wasRecovering: true,
        recovered: broken === null,
        publications: [],
        break: broken ?? undefined,
      }
      const [message] = decodeServerFrame(jsonCodec.encode({ type: 'subscribed', id: 7, result }))
      expect(message).toMatchObject({
        type: 'result',
        id: 7,
        result: { ...at, recoverable: true, recovered: broken === null },
      })
      expect(message).toHaveProperty('result.break', broken === null ? undefined : { ...broken, fork: undefined })
    }),
  )
})

it('what a client writes, a hub reads, the payload as it was written', () => {
  const command = fc.record({ id: fc.integer({ min: 1, max: 2 ** 32 - 1 }), channel: fc.string({ minLength: 1 }) })
  fc.assert(
    fc.property(command, fc.json(), ({ id, channel }, data) => {
      const text = encodeCommand({ id, method: 'publish', fields: { channel }, data })
      expect(jsonCodec.decode(text)).toEqual([{ type: 'publish', id, channel, data: bytes(data) }])
    }),
  )
})
