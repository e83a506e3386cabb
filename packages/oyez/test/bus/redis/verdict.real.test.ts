import { createClient } from '@redis/client'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Position, ReadResult } from '../../../src/bus/bus.ts'
import { KeySpace } from '../../../src/bus/redis/key-space.ts'
import { RedisServer } from '../../fixture/redis-server.ts'
import { AMPLE, RedisNode } from './redis-node.ts'

/** What happens to a channel's log in Redis. */
type Act =
  | { readonly do: 'append' }
  /** Another master with all data, as a failover without loss is. */
  | { readonly do: 'new master' }
  /** Keeps what the log is now, as a replica that lags would. */
  | { readonly do: 'save' }
  /** Another master with what was kept. */
  | { readonly do: 'go back' }
  | { readonly do: 'trim'; readonly keep: number }
  | { readonly do: 'lose stream' }
  | { readonly do: 'lose metadata' }
  | { readonly do: 'lose both' }
  | { readonly do: 'expire' }
  /** A reader notes where it is, and later asks from there. */
  | { readonly do: 'read' }

/** A history written down as plainly as possible: every record by its name, and which masters' names it has under which length. */
interface History {
  /** Different for each log that began from nothing. */
  readonly life: number
  readonly records: readonly string[]
  readonly trimmed: number
  /** For each master that wrote here, oldest first, how long the history was when the next one took over. */
  readonly ends: readonly { readonly master: number; readonly end: number }[]
}

/** A position, and what its holder was given up to there. */
interface Held {
  readonly position: Position
  readonly life: number
  readonly master: number
  readonly records: readonly string[]
}

let server: RedisServer
let node: RedisNode
let client: ReturnType<typeof createClient>
const keys = new KeySpace('oyez')

beforeAll(async () => {
  server = await RedisServer.start({ args: ['--enable-debug-command', 'yes'] })
  node = await RedisNode.start({ url: server.url })
  client = createClient({ url: server.url })
  await client.connect()
})
afterAll(async () => {
  client.destroy()
  await node.bus.close()
  await server.cleanup()
})

/** How often each verdict was given, so that a test that never sees one is noticed. */
const given = new Map<string, number>()

/** A channel in Redis and its history on paper, side by side. */
class Twin {
  readonly channel: string
  readonly held: Held[] = []
  #history: History | undefined
  #saved: History | undefined
  #master = 0
  #lives = 0
  #names = 0

  constructor(channel: string) {
    this.channel = channel
  }

  async act(act: Act): Promise<void> {
    const meta = keys.meta(this.channel)
    const log = keys.log(this.channel)
    const history = this.#history
    switch (act.do) {
      case 'append': {
        const before = this.#touch()
        const record = `record ${++this.#names}`
        const position = await node.store(this.channel, record)
        this.#history = { ...before, records: [...before.records, record] }
        expect(position.offset).toBe(this.#history.records.length)
        this.#hold(position)
        return
      }
      case 'read': {
        const { head } = await node.read(this.channel, { limit: 0 })
        this.#history = this.#touch()
        expect(head.offset).toBe(this.#history.records.length)
        this.#hold(head)
        return
      }
      case 'new master':
        await this.#changeMaster()
        return
      case 'save':
        await client.del([`${meta}:saved`, `${log}:saved`])
        await client.sendCommand(['COPY', meta, `${meta}:saved`])
        await client.sendCommand(['COPY', log, `${log}:saved`])
        this.#saved = history
        return
      case 'go back':
        if (this.#saved === undefined) return
        await client.del([meta, log])
        await client.sendCommand(['COPY', `${meta}:saved`, meta])
        await client.sendCommand(['COPY', `${log}:saved`, log])
        this.#history = this.#saved
        await this.#changeMaster()
        return
      case 'trim':
        await client.sendCommand(['XTRIM', log, 'MAXLEN', String(act.keep)])
        if (history !== undefined) {
          const trimmed = Math.max(history.trimmed, history.records.length - act.keep)
          this.#history = { ...history, trimmed }
        }
        return
      case 'expire':
        if (history === undefined || history.records.length === 0) return
        // Its time is over: the metadata says so, and the stream is gone.
        await client.hSet(meta, 'x', '1')
        await client.del(log)
        this.#history = { ...history, trimmed: history.records.length }
        return
      case 'lose stream':
        // Of a stream whose time is over, or that never was, nothing can be lost.
        if (history !== undefined && (await client.del(log)) > 0) this.#history = undefined
        return
      case 'lose metadata':
        await client.del(meta)
        this.#history = undefined
        return
      case 'lose both':
        await client.del([meta, log])
        this.#history = undefined
        return
    }
  }

  /** Every position that anybody holds gets the verdict that its holder deserves. */
  async judgeAll(): Promise<void> {
    const verdicts = await Promise.all(this.held.map(({ position }) => node.read(this.channel, { after: position })))
    this.#history = this.held.length > 0 ? this.#touch() : this.#history
    for (const [index, verdict] of verdicts.entries()) this.#judge(this.held[index], verdict)
  }

  #judge(held: Held | undefined, verdict: ReadResult): void {
    const history = this.#history
    const kind = verdict.verdict === 'break' ? verdict.reason : 'continue'
    given.set(kind, (given.get(kind) ?? 0) + 1)
    if (held === undefined || history === undefined) throw new Error('nothing to judge')
    const { records, life, trimmed, ends } = history
    expect(verdict.head.offset).toBe(records.length)
    if (held.life !== life) return expect(verdict).toMatchObject({ verdict: 'break', reason: 'new-log' })
    const wrote = ends.filter(({ master }) => master === held.master).at(-1)
    if (wrote === undefined) return expect(verdict).toMatchObject({ verdict: 'break', reason: 'unknown' })
    const offset = held.records.length
    const isPrefix = held.records.every((record, at) => records[at] === record)
    if (offset > wrote.end) return expect(verdict).toMatchObject({ verdict: 'break', reason: 'fork', fork: wrote.end })
    // The whole point: whoever is told to continue holds what the history has.
    expect(isPrefix).toBe(true)
    if (offset < trimmed) return expect(verdict).toMatchObject({ verdict: 'break', reason: 'trimmed' })
    expect(verdict.verdict).toBe('continue')
    if (verdict.verdict !== 'continue') return
    expect(verdict.records.map(({ record }) => Buffer.from(record).toString())).toEqual(records.slice(offset))
    expect(verdict.records.map((record) => record.offset)).toEqual(
      records.slice(offset).map((_, at) => offset + at + 1),
    )
  }

  /** What any read or append does first: begin a log where there is none, and write down who the master is. */
  #touch(): History {
    const history = this.#history ?? { life: ++this.#lives, records: [], trimmed: 0, ends: [] }
    const { length } = history.records
    const last = history.ends.at(-1)
    const open = { master: this.#master, end: Number.POSITIVE_INFINITY }
    if (last?.master === this.#master) return history
    if (last === undefined) return { ...history, ends: [open] }
    return { ...history, ends: [...history.ends.slice(0, -1), { ...last, end: length }, open] }
  }

  async #changeMaster(): Promise<void> {
    await client.sendCommand(['DEBUG', 'CHANGE-REPL-ID'])
    this.#master += 1
  }

  #hold(position: Position): void {
    const { life, records } = this.#history ?? { life: 0, records: [] }
    this.held.push({ position, life, records, master: this.#master })
  }
}

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Act>({ do: 'append' }) },
  { weight: 3, arbitrary: fc.constant<Act>({ do: 'read' }) },
  { weight: 3, arbitrary: fc.constant<Act>({ do: 'new master' }) },
  { weight: 3, arbitrary: fc.constant<Act>({ do: 'save' }) },
  { weight: 3, arbitrary: fc.constant<Act>({ do: 'go back' }) },
  { weight: 1, arbitrary: fc.nat(3).map((keep): Act => ({ do: 'trim', keep })) },
  { weight: 1, arbitrary: fc.constantFrom<Act>({ do: 'lose stream' }, { do: 'lose metadata' }, { do: 'lose both' }) },
  { weight: 1, arbitrary: fc.constant<Act>({ do: 'expire' }) },
)

it('every position ever held gets the verdict that a comparison of the histories gives', {
  timeout: 120_000,
}, async () => {
  let channels = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 30 }), async (acts) => {
      const twin = new Twin(`c${++channels}`)
      for (const one of acts) await twin.act(one)
      await twin.judgeAll()
    }),
    { numRuns: 400 },
  )
  for (const kind of ['continue', 'new-log', 'fork', 'trimmed', 'unknown'])
    expect(given.get(kind), kind).toBeGreaterThan(20)
})

it('a log longer than one answer is read in pages without holes', async () => {
  for (let n = 1; n <= 25; n++) await node.store('pages', `m${n}`, { retention: AMPLE })
  let { head: at } = await node.read('pages', { limit: 0 })
  at = { ...at, offset: 3 }
  const offsets: number[] = []
  for (;;) {
    const page = await node.read('pages', { after: at, limit: 4 })
    if (page.verdict !== 'continue' || page.records.length === 0) break
    offsets.push(...page.records.map(({ offset }) => offset))
    at = { ...at, offset: offsets.at(-1) ?? 0 }
  }
  expect(offsets).toEqual(Array.from({ length: 22 }, (_, index) => index + 4))
})
