import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ENVELOPE, readCall, readEnvelope, readItem } from '../../../src/bus/worker/wire.ts'

const retention = { size: 1, ttlMs: 1, metaTtlMs: 1 }
const bytes = Uint8Array.of(1)
const calls = [
  { id: 1, op: 'hello', probe: bytes },
  { id: 2, op: 'ping' },
  { id: 3, op: 'subscribe', channels: ['a'] },
  { id: 4, op: 'broadcast', channel: 'a', bytes },
  { id: 5, op: 'append', request: { channel: 'a', record: bytes, retention, producer: { id: 'p', seq: 1 } } },
  {
    id: 6,
    op: 'read',
    request: { channel: 'a', limit: 1, retention, after: { epoch: 'e', offset: 1 }, reverse: true },
  },
]
const items = [
  { kind: 'reply', id: 1, value: 'any' },
  { kind: 'failure', id: 2, code: 'refused', message: 'no' },
  { kind: 'hint', channel: 'a', bytes, position: { epoch: 'e', offset: 1 } },
  { kind: 'gap', channels: ['a'] },
  { kind: 'stranger', id: 3 },
]

describe('what comes over an IPC channel', () => {
  it('is read when it is a call or an item', () => {
    for (const call of calls) expect(readCall(call)).toEqual(call)
    for (const item of items) expect(readItem(item)).toEqual(item)
    expect(readEnvelope({ oyez: ENVELOPE, bus: 'b', batch: calls })).toEqual({ oyez: ENVELOPE, bus: 'b', batch: calls })
  })

  it('is no call and no item when any one part of it is something else', () => {
    for (const good of [...calls, ...items]) {
      for (const key of Object.keys(good)) {
        if (key === 'value' || key === 'message') continue
        const bad = { ...good, [key]: Symbol.for('something else') }
        expect(readCall(bad)).toBeUndefined()
        expect(readItem(bad)).toBeUndefined()
      }
    }
  })

  it('never throws, whatever it is', () => {
    const words = [
      'oyez',
      'bus',
      'batch',
      'id',
      'op',
      'kind',
      'channel',
      'channels',
      'request',
      'retention',
      'position',
    ]
    const anything = fc.anything({ key: fc.oneof(fc.constantFrom(...words), fc.string()), withTypedArray: true })
    const named = fc.record({
      id: fc.nat(),
      op: fc.constantFrom('append', 'read', 'heads'),
      request: anything,
      channels: anything,
    })
    fc.assert(
      fc.property(fc.oneof(anything, named), (value) => {
        readEnvelope(value)
        readCall(value)
        readItem(value)
      }),
    )
  })
})
