import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClientError } from '../../src/client/client-error.ts'
import { resolveClientOptions } from '../../src/client/options.ts'
import { Producer } from '../../src/client/producer.ts'
import { RequestTable } from '../../src/client/request-table.ts'
import { decodeServerFrame, type IncomingResult } from '../../src/protocol/json-client-codec.ts'
import { collect, useScriptedServer } from './client-fixture.ts'

/** What happens to one publish command on its way. */
type Fate =
  | 'ok'
  | 'lost'
  | 'answer-lost'
  | 'busy'
  | 'uncertain-stored'
  | 'uncertain'
  | 'refused'
  | 'failover'
  | 'forget'
  /** As `forget`, without a cut: the command finds a log that is new. */
  | 'vanish'
  /** The history as it was before the last failover or loss is back: a replica that had not followed yet was promoted. */
  | 'resurrect'

/** A log with the append rules of the store contract, behind a network that does what the fates say. */
class UnreliableLog {
  readonly requests = new RequestTable<IncomingResult>()
  readonly reports: ClientError[] = []
  readonly producer: Producer
  fates: Fate[] = []
  records: { data: string; id: string; seq: number }[] = []
  #producers = new Map<string, number>()
  #closed = new Set<string>()
  /** Of the history: never the same again after a failover. */
  #epoch = 1
  #before: { data: string; id: string; seq: number }[] = []
  #up = true
  #wire: (() => void)[] = []

  constructor() {
    const options = resolveClientOptions('ws://x', { publishWindow: 4, publishQueue: 100 })
    this.producer = new Producer(options, {
      connected: () => this.#up,
      exact: () => true,
      restart: () => this.cut(),
      report: ({ error }) => this.reports.push(error),
      send: ({ method, fields, data = '' }, answer) => {
        const id = this.requests.add(10_000, answer)
        const stamp = { data, id: String(fields['oyez_producer']), seq: Number(fields['oyez_seq']) }
        this.#wire.push(() => this.#serve(id, method === 'oyez_close' ? { ...stamp, seq: 0 } : stamp))
      },
    })
  }

  /** The connection ends with everything on it; the client comes back later. */
  cut(): void {
    this.#up = false
    this.#wire = []
    this.requests.settleAll(new ClientError('connection-lost', 'cut', { temporary: true }))
    setTimeout(() => {
      this.#up = true
      this.producer.resume()
      // As a hub may say after any cut.
      this.producer.sync()
    }, 100)
  }

  /** Serves everything that was sent, and what follows from it, until nothing is left to do. */
  async run(): Promise<void> {
    for (let step = 0; step < 10_000; step++) {
      const serve = this.#wire.shift()
      if (serve) serve()
      else if (vi.getTimerCount() === 0) return
      else await vi.advanceTimersToNextTimerAsync()
    }
    throw new Error('the producer never comes to rest')
  }

  /** The newest publications are gone, and nobody is told. */
  failOver(lost: number): void {
    this.records = this.records.slice(0, this.records.length - lost)
    this.#begin()
  }

  /** Another history goes on. */
  #begin(): void {
    this.#epoch++
    this.#producers.clear()
    this.#closed.clear()
    for (const { id: producer, seq } of this.records) this.#producers.set(producer, seq)
  }

  /** @param stamp - With number 0 it closes the producer. */
  #serve(id: number, stamp: { data: string; id: string; seq: number }): void {
    const fate = this.fates.shift() ?? 'ok'
    const refuse = (status: number, temporary: boolean, expected?: number): void => {
      this.requests.settle(id, new ClientError('refused', 'no', { status, temporary, expected }))
    }
    if (fate === 'failover' || fate === 'forget' || fate === 'vanish' || fate === 'resurrect') {
      const { records } = this
      this.records = fate === 'failover' ? records.slice(0, -2) : fate === 'resurrect' ? [...this.#before] : []
      // Of several losses, the fullest history is the one that may come back.
      if (records.length >= this.#before.length) this.#before = records
      this.#begin()
      if (fate === 'failover' || fate === 'forget') return this.cut()
    }
    if (fate === 'lost') return this.cut()
    if (fate === 'busy') return refuse(111, true)
    if (fate === 'uncertain') return refuse(100, true)
    if (fate === 'refused') return refuse(103, false)
    const last = this.#producers.get(stamp.id) ?? 0
    const tell = (fields: object): void => {
      if (fate === 'answer-lost') return this.cut()
      if (fate === 'uncertain-stored') return refuse(100, true)
      const [message] = decodeServerFrame(JSON.stringify({ id: 1, publish: { epoch: `e${this.#epoch}`, ...fields } }))
      if (message?.type === 'result') this.requests.settle(id, message.result)
    }
    if (!stamp.seq) {
      this.#closed.add(stamp.id)
      return tell({ seq: last })
    }
    if (this.#closed.has(stamp.id) ? stamp.seq > last : !last && stamp.seq > 1) return refuse(121, false)
    if (stamp.seq > last + 1) return refuse(120, false, last + 1)
    if (stamp.seq === last + 1) {
      this.records.push(stamp)
      this.#producers.set(stamp.id, stamp.seq)
    }
    tell({ offset: 1 + this.records.findIndex((one) => one.id === stamp.id && one.seq === stamp.seq) })
  }
}

/** Publishes 1 … count and returns what became of each: its offset, `stored` where that is all that is known, or the code of its error. */
async function publishAll(log: UnreliableLog, count: number): Promise<(number | string)[]> {
  const outcomes = Array.from({ length: count }, (_, n) =>
    log.producer.publish('c', n).then(
      (position) => position?.offset ?? 'stored',
      (error: ClientError) => error.code,
    ),
  )
  await log.run()
  return Promise.all(outcomes)
}

function stored(log: UnreliableLog): number[] {
  return log.records.map(({ data }) => Number(data))
}

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

test('a refusal of what may be stored already: the log closes the id and says', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 2)
  log.fates = ['ok', 'answer-lost', 'refused', 'ok', 'ok', 'lost']
  const outcomes = [2, 3, 4, 5].map((n) =>
    log.producer.publish('c', n).then(
      (position) => position?.offset,
      (error: ClientError) => error.code,
    ),
  )
  await log.run()
  expect(await Promise.all(outcomes)).toEqual([3, undefined, 5, 6])
  expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5])
  log.fates = ['lost', 'refused', 'answer-lost', 'busy']
  const last = [6, 7].map((n) =>
    log.producer.publish('c', n).then(
      (position) => position?.offset,
      (error: ClientError) => error.code,
    ),
  )
  await log.run()
  expect(await Promise.all(last)).toEqual(['refused', 7])
  expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5, 7])
  // One for each refusal, and no more.
  expect(new Set(log.records.map(({ id }) => id)).size).toBe(2)
  expect(log.reports).toEqual([])
})

test('where the log does not say, what may be stored is uncertain', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 1)
  log.fates = ['lost', 'refused', 'ok', 'refused']
  const outcomes = [1, 2].map((n) => log.producer.publish('c', n).catch((error: ClientError) => error.code))
  await log.run()
  expect((await Promise.all(outcomes))[0]).toBe('uncertain')
  expect(stored(log)).not.toContain(1)
})

test('an idle publisher that is asked to finds what a failover lost, and puts it back once, in order', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 6)
  for (const lost of [0, 1, 3]) {
    log.failOver(lost)
    log.producer.sync()
    log.producer.sync()
    await log.run()
    expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5])
  }
  expect(log.reports).toEqual([])
  const next = log.producer.publish('c', 6)
  await log.run()
  expect(await next).toMatchObject({ offset: 7 })
})

test('an idle publisher that is asked to reports what cannot be put back', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 6)
  log.failOver(6)
  log.producer.sync()
  await log.run()
  expect(stored(log)).toEqual([])
  expect(log.reports.map(({ code }) => code)).toEqual(['uncertain'])
  const next = log.producer.publish('c', 6)
  await log.run()
  expect(await next).toMatchObject({ offset: 1 })
})

test('what was acknowledged too long ago is not sent again', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 2)
  vi.advanceTimersByTime(31_000)
  log.failOver(1)
  log.producer.sync()
  await log.run()
  expect(stored(log)).toEqual([0])
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
  expect(found.toSorted()).toEqual([...new Set(found)].toSorted())
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
