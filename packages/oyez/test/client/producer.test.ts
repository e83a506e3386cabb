import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ClientError } from '../../src/client/client-error.ts'
import { collect, useScriptedServer } from './client-fixture.ts'
import { type Fate, publishAll, stored, UnreliableLog } from './unreliable-log.ts'

const ascending = (numbers: readonly number[]): boolean => numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? n))

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function fates(...possible: Fate[]): fc.Arbitrary<Fate[]> {
  const ok = { weight: 2 * possible.length, arbitrary: fc.constant<Fate>('ok') }
  const faults = possible.map((fate) => ({ weight: 1, arbitrary: fc.constant(fate) }))
  return fc.array(fc.oneof(ok, ...faults), { maxLength: 40 })
}

test('cuts and temporary errors at any moment: all is stored once, in order, and acknowledged', async () => {
  await fc.assert(
    fc.asyncProperty(fates('lost', 'answer-lost', 'busy', 'uncertain', 'uncertain-stored'), async (given) => {
      const log = new UnreliableLog()
      log.fates = [...given]
      const outcomes = await publishAll(log, 12)
      expect(stored(log)).toEqual(Array.from({ length: 12 }, (_, n) => n))
      expect(outcomes).toEqual(Array.from({ length: 12 }, (_, n) => n + 1))
    }),
    { numRuns: 400 },
  )
})

test('with refusals among them: the acknowledged are stored once, in order; the refused are not', async () => {
  const all = fates('lost', 'answer-lost', 'busy', 'uncertain', 'uncertain-stored', 'refused')
  await fc.assert(
    fc.asyncProperty(all, async (given) => {
      const log = new UnreliableLog()
      log.fates = [...given]
      const outcomes = await publishAll(log, 12)
      const found = stored(log)
      expect(ascending(found)).toBe(true)
      outcomes.forEach((outcome, n) => {
        if (typeof outcome === 'number' || outcome === 'stored') expect(found).toContain(n)
        else if (outcome === 'refused') expect(found).not.toContain(n)
        else expect(outcome).toBe('uncertain')
      })
    }),
    { numRuns: 1_000 },
  )
})

test('without cuts a refusal is never uncertain and costs the others nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fates('busy', 'refused'), async (given) => {
      const log = new UnreliableLog()
      log.fates = [...given]
      const outcomes = await publishAll(log, 12)
      expect(outcomes).not.toContain('uncertain')
      expect(log.reports).toEqual([])
      expect(new Set(log.records.map(({ id }) => id)).size).toBeLessThan(2)
      expect(stored(log)).toEqual(outcomes.flatMap((outcome, n) => (outcome === 'refused' ? [] : [n])))
    }),
    { numRuns: 400 },
  )
})

test('a failover that loses acknowledged publications: the next one puts them back, in order', async () => {
  const log = new UnreliableLog()
  expect(await publishAll(log, 6)).toEqual([1, 2, 3, 4, 5, 6])
  log.fates = ['failover']
  const last = log.producer.publish('c', 6)
  await log.run()
  expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(await last).toMatchObject({ offset: 7 })
  expect(log.reports).toEqual([])
})

test('what was lost and is kept no more is reported, and the channel goes on under a new id', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 6)
  vi.advanceTimersByTime(31_000)
  log.fates = ['failover']
  const cut = log.producer.publish('c', 6)
  // It was on its way when the log failed over: another history may hold it.
  const waiting = expect(cut).rejects.toMatchObject({ code: 'uncertain' })
  await log.run()
  await waiting
  const next = log.producer.publish('c', 7)
  await log.run()
  expect(await next).toMatchObject({ offset: 5 })
  expect(stored(log)).toEqual([0, 1, 2, 3, 7])
  expect(log.reports.map(({ code }) => code)).toEqual(['uncertain'])
  expect(new Set(log.records.map(({ id }) => id)).size).toBe(2)
})

test('a log that forgot the producer: what may have been stored is uncertain, the rest goes on under a new id', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 3)
  log.fates = ['answer-lost', 'forget']
  const outcomes = [3, 4].map((n) => log.producer.publish('c', n).catch((error: ClientError) => error.code))
  await log.run()
  expect(await Promise.all(outcomes)).toEqual(['uncertain', 'uncertain'])
  const later = log.producer.publish('c', 5)
  await log.run()
  expect(await later).toMatchObject({ offset: 1 })
  expect(stored(log)).toEqual([5])
})

test('acknowledged publications that a log lost together with their producer are reported', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 3)
  log.fates = ['forget']
  const waiting = expect(log.producer.publish('c', 3)).rejects.toMatchObject({ code: 'uncertain' })
  await log.run()
  await waiting
  expect(log.reports.map(({ code }) => code)).toEqual(['uncertain'])
})

test('what was put back is not sent under a new id, for an older history may come back and hold it', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 3)
  // The next one finds 1 and 2 lost and puts them back; before they are stored the log is lost, and then the first history is back.
  log.fates = ['failover', 'ok', 'vanish', 'ok', 'ok', 'resurrect']
  void log.producer.publish('c', 3).catch(() => undefined)
  await log.run()
  const next = log.producer.publish('c', 4)
  await log.run()
  await next
  const found = stored(log)
  expect(new Set(found).size).toBe(found.length)
  expect(log.reports.map(({ code }) => code)).toContain('uncertain')
})

test('failovers, lost logs and everything else: nothing is stored twice and every publication has an outcome', async () => {
  const all = fates(
    'lost',
    'answer-lost',
    'busy',
    'uncertain',
    'uncertain-stored',
    'refused',
    'failover',
    'forget',
    'resurrect',
  )
  await fc.assert(
    fc.asyncProperty(all, async (given) => {
      const log = new UnreliableLog()
      log.fates = [...given]
      const outcomes = await publishAll(log, 12)
      expect(outcomes).not.toContain(undefined)
      const found = stored(log)
      expect(new Set(found).size).toBe(found.length)
      outcomes.forEach((outcome, n) => {
        if (outcome === 'refused') expect(found).not.toContain(n)
      })
    }),
    { numRuns: 1_000 },
  )
})

test('beyond the window and the queue a publication is rejected at once', async () => {
  const log = new UnreliableLog()
  const outcomes = await publishAll(log, 110)
  expect(outcomes.slice(0, 104)).toEqual(Array.from({ length: 104 }, (_, n) => n + 1))
  expect(outcomes.slice(104)).toEqual(Array.from({ length: 6 }, () => 'queue-full'))
})

test('data without a JSON form is the mistake of the caller', async () => {
  const log = new UnreliableLog()
  await expect(log.producer.publish('c', undefined)).rejects.toThrow(TypeError)
})

test('closing rejects what waits: uncertain when it was sent, disconnected when not', async () => {
  const log = new UnreliableLog()
  const outcomes = [1, 2, 3, 4, 5].map((n) => log.producer.publish('c', n).catch((error: ClientError) => error.code))
  log.cut()
  log.producer.close()
  expect(await Promise.all(outcomes)).toEqual(['uncertain', 'uncertain', 'uncertain', 'uncertain', 'disconnected'])
})

test('many channels do not fill the memory: numbers of idle ones are forgotten together with their id', async () => {
  const log = new UnreliableLog()
  for (let n = 0; n < 300; n++) {
    void log.producer.publish(`c${n}`, n)
    await log.run()
  }
  void log.producer.publish('c0', 'again')
  await log.run()
  const [first, last] = [log.records[0], log.records.at(-1)]
  expect(last).toMatchObject({ data: '"again"', seq: 1 })
  expect(last?.id).not.toBe(first?.id)
})

const fixture = useScriptedServer()

test('a server that knows no sequences: what was on its way when the connection ended is uncertain, the rest waits', async () => {
  vi.useRealTimers()
  const client = fixture.client({ publishWindow: 1 })
  const errors = collect(client, 'error')
  client.connect()
  const outcomes = [1, 2].map((n) => client.publish('news', n).catch((error: ClientError) => error.code))
  const first = await fixture.server.welcome({ oyez_ext: undefined })
  expect(await first.next()).toMatchObject({ publish: { channel: 'news', data: 1 } })
  first.socket.terminate()
  const second = await fixture.server.welcome({ oyez_ext: undefined })
  expect((await second.answer('publish'))['publish']).toEqual({ channel: 'news', data: 2 })
  expect(await Promise.all(outcomes)).toEqual(['uncertain', undefined])
  expect(errors).toEqual([])
})

test('a node that knows no sequences after one that did: what may be stored is uncertain and not sent again', async () => {
  vi.useRealTimers()
  const client = fixture.client({ publishWindow: 1 })
  client.connect()
  const outcomes = [1, 2].map((n) => client.publish('news', n).catch((error: ClientError) => error.code))
  const first = await fixture.server.welcome()
  expect(await first.next()).toMatchObject({ publish: { data: 1, oyez_seq: 1 } })
  first.socket.terminate()
  const second = await fixture.server.welcome({ oyez_ext: undefined })
  expect((await second.answer('publish'))['publish']).toEqual({ channel: 'news', data: 2 })
  expect(await Promise.all(outcomes)).toEqual(['uncertain', undefined])
})
