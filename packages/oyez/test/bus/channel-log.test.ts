import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AppendResult, Position, ProducerStamp, ReadResult } from '../../src/bus/bus.ts'
import { ChannelLog } from '../../src/bus/channel-log.ts'

const KEY_TTL_MS = 300_000
const everything = { size: 1e9, ttlMs: 1e12, metaTtlMs: 1e12 }

type Step =
  | { readonly do: 'append'; readonly producer?: ProducerStamp | undefined; readonly key?: string | undefined }
  | { readonly do: 'wait'; readonly ms: number }
  | {
      readonly do: 'read'
      readonly epoch: EpochKind
      readonly offset: number | undefined
      readonly limit: number
      readonly reverse: boolean
    }

type EpochKind = 'own' | 'empty' | 'other' | 'malformed'

interface Stored {
  readonly producer?: ProducerStamp | undefined
  readonly key?: string | undefined
  readonly at: number
}

/** What a log must do, worked out anew from everything that ever happened. */
class Oracle {
  readonly all: Stored[] = []
  now = 0
  readonly ttlMs: number

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs
  }

  append(
    producer: ProducerStamp | undefined,
    key: string | undefined,
  ): Omit<AppendResult, 'position'> & { offset?: number } {
    if (producer !== undefined) {
      const last = Math.max(
        0,
        ...this.all.map((stored) => (stored.producer?.id === producer.id ? stored.producer.seq : 0)),
      )
      if (last === 0 && producer.seq !== 1) return { kind: 'unknown-producer' }
      if (producer.seq > last + 1) return { kind: 'out-of-sequence', expected: last + 1 } as never
      if (producer.seq <= last) {
        const index = this.all.findIndex(
          (stored) => stored.producer?.id === producer.id && stored.producer.seq === producer.seq,
        )
        return { kind: 'duplicate', offset: index + 1 }
      }
    }
    const known = this.all.findIndex(
      (stored) => key !== undefined && stored.key === key && this.now < stored.at + KEY_TTL_MS,
    )
    if (known !== -1) return { kind: 'duplicate', offset: known + 1 }
    this.all.push({ producer, key, at: this.now })
    return { kind: 'appended', offset: this.all.length }
  }

  get quietForTooLong(): boolean {
    const last = this.all.at(-1)
    return last !== undefined && this.now >= last.at + this.ttlMs
  }
}

const producerArbitrary = fc.record({ id: fc.constantFrom('p', 'q'), seq: fc.integer({ min: 0, max: 6 }) })
const appendArbitrary: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('append' as const),
  producer: fc.option(producerArbitrary, { nil: undefined }),
  key: fc.option(fc.constantFrom('k', 'l'), { nil: undefined }),
})
const waitArbitrary: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.constantFrom(1, 500, 1_000, 150_000),
})
const readArbitrary: fc.Arbitrary<Step> = fc.record({
  do: fc.constant('read' as const),
  epoch: fc.constantFrom<EpochKind>('own', 'own', 'own', 'empty', 'other', 'malformed'),
  offset: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
  limit: fc.integer({ min: 0, max: 30 }),
  reverse: fc.boolean(),
})
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: appendArbitrary },
    { weight: 1, arbitrary: waitArbitrary },
    { weight: 3, arbitrary: readArbitrary },
  ),
  { maxLength: 60 },
)

describe('a channel log', () => {
  it('does what a log worked out anew from its whole past would do', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), fc.constantFrom(900, 100_000_000), (run, size, ttlMs) => {
        const oracle = new Oracle(ttlMs)
        const log = new ChannelLog(() => oracle.now, 1e12)
        for (const step of run) {
          if (step.do === 'wait') oracle.now += step.ms
          else if (step.do === 'append') checkAppend(log, oracle, { ...step, size })
          else checkRead(log, oracle, { ...step, size })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps a record until its time is over, and its identity beyond', () => {
    let now = 0
    const log = new ChannelLog(() => now, 5_000)
    log.append({ channel: 'c', record: Uint8Array.of(1), retention: { size: 9, ttlMs: 1_000, metaTtlMs: 5_000 } })
    now = 999
    expect(log.read({ limit: 9, retention: everything })).toMatchObject({
      verdict: 'continue',
      records: [{ offset: 1 }],
    })
    now = 1_000
    expect(log.read({ limit: 9, retention: everything })).toMatchObject({
      verdict: 'continue',
      records: [],
      head: { offset: 1 },
    })
    expect(log.expired).toBe(false)
    now = 5_000
    expect(log.expired).toBe(true)
  })

  it('forgets the producer that was silent for longest when there are too many', () => {
    const log = new ChannelLog(() => 0, 1e9, { maxProducers: 2, maxKeys: 2 })
    const retention = { size: 9, ttlMs: 1e9, metaTtlMs: 1e9 }
    const append = (id: string, seq: number): string =>
      log.append({ channel: 'c', record: Uint8Array.of(1), retention, producer: { id, seq } }).kind
    expect([append('a', 1), append('b', 1), append('a', 2), append('c', 1)]).toEqual(Array(4).fill('appended'))
    expect(append('a', 3)).toBe('appended')
    expect(append('b', 2)).toBe('unknown-producer')
  })

  it('forgets a producer of the owner who has most, and of the newcomer among equals', () => {
    const log = new ChannelLog(() => 0, 1e9, { maxProducers: 3, maxKeys: 2 })
    const retention = { size: 9, ttlMs: 1e9, metaTtlMs: 1e9 }
    const append = (id: string, seq: number, owner?: string): string =>
      log.append({ channel: 'c', record: Uint8Array.of(1), retention, producer: { id, seq, owner } }).kind
    expect([append('a', 1, 'ann'), append('b', 1, 'bob'), append('e1', 1, 'eve')]).toEqual(Array(3).fill('appended'))
    expect(append('e2', 1, 'eve')).toBe('appended')
    expect([append('a', 2, 'ann'), append('b', 2, 'bob'), append('e2', 2, 'eve')]).toEqual(Array(3).fill('appended'))
    expect(append('e1', 2, 'eve')).toBe('unknown-producer')
    expect(append('b2', 1, 'bob')).toBe('appended')
    expect([append('a', 3, 'ann'), append('e2', 3, 'eve')]).toEqual(Array(2).fill('appended'))
    expect(append('b', 3, 'bob')).toBe('unknown-producer')
  })

  it('forgets the oldest idempotency key when there are too many, and every key after five minutes', () => {
    let now = 0
    const log = new ChannelLog(() => now, 1e9, { maxProducers: 2, maxKeys: 2 })
    const retention = { size: 9, ttlMs: 1e9, metaTtlMs: 1e9 }
    const append = (idempotencyKey: string): string =>
      log.append({ channel: 'c', record: Uint8Array.of(1), retention, idempotencyKey }).kind
    expect([append('a'), append('b'), append('c')]).toEqual(Array(3).fill('appended'))
    expect([append('b'), append('c')]).toEqual(['duplicate', 'duplicate'])
    expect(append('a')).toBe('appended')
    now = KEY_TTL_MS - 1
    expect(append('c')).toBe('duplicate')
    now = KEY_TTL_MS
    expect(append('c')).toBe('appended')
  })

  it('refuses ids of more than 64 bytes and stores nothing', () => {
    const log = new ChannelLog(() => 0, 1e9)
    const request = { channel: 'c', record: Uint8Array.of(1), retention: { size: 9, ttlMs: 1e9, metaTtlMs: 1e9 } }
    expect(() => log.append({ ...request, producer: { id: 'ä'.repeat(33), seq: 1 } })).toThrow('producer id')
    expect(() => log.append({ ...request, idempotencyKey: 'x'.repeat(65) })).toThrow('idempotency key')
    expect(log.head.offset).toBe(0)
  })
})

function checkAppend(log: ChannelLog, oracle: Oracle, step: Step & { do: 'append' } & { size: number }): void {
  const retention = { size: step.size, ttlMs: oracle.ttlMs, metaTtlMs: 1e12 }
  const record = Uint8Array.of(oracle.all.length + 1)
  const want = oracle.append(step.producer, step.key)
  const got = log.append({ channel: 'c', record, retention, producer: step.producer, idempotencyKey: step.key })
  const { offset, ...rest } = want
  expect(got).toMatchObject(rest)
  expect(log.head.offset).toBe(oracle.all.length)
  if (got.kind !== 'appended' && got.kind !== 'duplicate') return
  const oldest = oracle.all.length - keptBy(log).length + 1
  if (step.key === undefined && offset !== undefined && offset < oldest) expect(got.position.offset).toBe(oldest - 1)
  else if (offset !== undefined && offset >= oldest) expect(got.position).toEqual({ ...log.head, offset })
}

function checkRead(log: ChannelLog, oracle: Oracle, step: Step & { do: 'read' } & { size: number }): void {
  const kept = keptBy(log)
  const top = oracle.all.length
  if (oracle.quietForTooLong) expect(kept).toEqual([])
  else expect(kept.length).toBeGreaterThanOrEqual(Math.min(step.size, keptSinceQuiet(oracle)))
  expect(kept.length).toBeLessThanOrEqual(step.size + step.size / 8)
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => top - kept.length + 1 + index))

  const epochs: Record<EpochKind, string> = { own: log.head.epoch, empty: '', other: 'A'.repeat(22), malformed: 'x' }
  const after: Position | undefined =
    step.offset === undefined ? undefined : { epoch: epochs[step.epoch], offset: step.offset }
  const retention = { size: step.size, ttlMs: oracle.ttlMs, metaTtlMs: 1e12 }
  const got = log.read({ after, limit: step.limit, reverse: step.reverse, retention })
  expect(got.head).toEqual({ epoch: log.head.epoch, offset: top })
  expect(simplified(got)).toEqual(expectedRead({ kept: kept.slice(-step.size), top, step }))
}

function expectedRead({ kept, top, step }: { kept: number[]; top: number; step: Step & { do: 'read' } }): unknown {
  const { offset, epoch, limit, reverse } = step
  if (offset !== undefined) {
    if (epoch === 'malformed' || (epoch === 'empty' && offset > 0)) return 'unknown'
    if (epoch === 'other') return 'new-log'
    if (offset > top) return `fork at ${top}`
    const following = Array.from({ length: top - offset }, (_, index) => offset + 1 + index)
    if (!reverse && !following.every((one) => kept.includes(one))) return 'trimmed'
  }
  const ordered = reverse ? kept.toReversed() : kept
  return ordered.filter((one) => offset === undefined || (reverse ? one < offset : one > offset)).slice(0, limit)
}

function simplified(result: ReadResult): unknown {
  if (result.verdict === 'break')
    return result.fork === undefined ? result.reason : `${result.reason} at ${result.fork}`
  for (const { offset, record } of result.records) expect(record).toEqual(Uint8Array.of(offset))
  return result.records.map(({ offset }) => offset)
}

function keptBy(log: ChannelLog): number[] {
  const result = log.read({ limit: 1_000, retention: everything })
  return result.verdict === 'continue' ? result.records.map(({ offset }) => offset) : []
}

/** Records appended since the last silence that was long enough to drop what was there. */
function keptSinceQuiet({ all, ttlMs }: Oracle): number {
  let count = 0
  for (let index = all.length - 1; index >= 0; index--) {
    count += 1
    const before = all[index - 1]
    if (before === undefined || (all[index]?.at ?? 0) >= before.at + ttlMs) return count
  }
  return count
}
