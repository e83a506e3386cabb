import type { AppendRequest, AppendResult, Position, ReadRequest, ReadResult } from './bus-contract.ts'
import type { LogArchive } from './log-archive.ts'
import { entriesAbove, type Entry, epochOf, type LogState, topOf } from './log-state.ts'

const MAX_FORKS = 16

export type Logs = Map<string, LogState>

/**
 * One simulated server that keeps logs, and a replica that follows it: what it had written when it is lost is cut at what the replica has. Written from
 * the description of the algorithm, apart from every bus of the product.
 */
export class BrokerServer {
  readonly term: string
  readonly logs: Logs
  /** What the replica has. */
  readonly copied: Logs
  readonly #archive: LogArchive
  /** It was replaced and does not know it: whatever it writes is lost. */
  isStale = false
  /** What the replica has not yet, in order. */
  #backlog: (readonly [string, LogState | undefined])[] = []

  constructor(term: string, logs: Logs, archive: LogArchive) {
    this.term = term
    this.logs = new Map(logs)
    this.copied = new Map(logs)
    this.#archive = archive
  }

  /** Writes that the replica has not yet. */
  get behind(): number {
    return this.#backlog.length
  }

  replicate(count: number): void {
    for (const [channel, log] of this.#backlog.splice(0, count)) put(this.copied, channel, log)
  }

  append(request: AppendRequest): AppendResult {
    const { channel, producer, record, retention } = request
    const known = this.logs.get(channel)
    const last = producer === undefined ? undefined : known?.producers.get(producer.id)
    if (producer !== undefined && known !== undefined && last !== undefined && producer.seq <= last.seq) {
      const now = this.#asNow(known)
      this.#archive.note(channel, now)
      return { kind: 'duplicate', position: { epoch: epochOf(now), offset: find(known, producer) } }
    }
    if (producer !== undefined && last === undefined && producer.seq !== 1) return { kind: 'unknown-producer' }
    if (last?.isClosed === true) return { kind: 'unknown-producer' }
    if (producer !== undefined && last !== undefined && producer.seq !== last.seq + 1) {
      return { kind: 'out-of-sequence', expected: last.seq + 1 }
    }
    const log = this.#current(channel)
    const tip: Entry = { offset: topOf(log) + 1, bytes: record, producer, below: log.tip }
    const producers = new Map(log.producers)
    if (producer !== undefined) producers.set(producer.id, { seq: producer.seq, isClosed: false })
    const next = { ...log, tip, producers, trimmed: Math.max(log.trimmed, tip.offset - retention.size) }
    this.write(channel, next)
    return { kind: 'appended', position: { epoch: epochOf(next), offset: tip.offset } }
  }

  read({ channel, after, limit, maxBytes = Number.POSITIVE_INFINITY, reverse = false, mint }: ReadRequest): ReadResult {
    const isUnknown = !this.logs.has(channel)
    if (isUnknown && mint !== true) {
      const head: Position = { epoch: '', offset: 0 }
      const isStart = after === undefined || (after.epoch === '' && after.offset === 0)
      return isStart ? { verdict: 'continue', records: [], head } : { verdict: 'break', reason: 'new-log', head }
    }
    const log = this.#current(channel)
    const head: Position = { epoch: epochOf(log), offset: topOf(log) }
    if (after !== undefined && after.epoch !== '') {
      const [incarnation, term] = after.epoch.split('.')
      if (incarnation !== log.incarnation) return { verdict: 'break', reason: 'new-log', head }
      const end = term === log.term ? head.offset : log.forks.find((fork) => fork.term === term)?.top
      if (end === undefined) return { verdict: 'break', reason: 'unknown', head }
      if (after.offset > end) return { verdict: 'break', reason: 'fork', head, fork: end }
      if (!reverse && after.offset < log.trimmed) return { verdict: 'break', reason: 'trimmed', head }
    }
    const kept = entriesAbove(log.tip, log.trimmed)
    const chosen = reverse
      ? kept.filter(({ offset }) => offset < (after?.offset ?? Number.POSITIVE_INFINITY)).reverse()
      : kept.filter(({ offset }) => offset > (after?.offset ?? 0))
    let bytesSoFar = 0
    const records = chosen
      .slice(0, limit)
      .filter(({ bytes }, index) => (bytesSoFar += bytes.byteLength) <= maxBytes || index === 0)
      .map(({ offset, bytes }) => ({ offset, record: bytes }))
    return { verdict: 'continue', records, head }
  }

  head(channel: string): Position | undefined {
    const log = this.logs.get(channel)
    return log && { epoch: epochOf(this.#asNow(log)), offset: topOf(log) }
  }

  closeProducer(channel: string, id: string): number {
    // Also an id that is not known: a first message of it may be under way.
    const log = this.#current(channel)
    const seq = log.producers.get(id)?.seq ?? 0
    this.write(channel, { ...log, producers: new Map(log.producers).set(id, { seq, isClosed: true }) })
    return seq
  }

  /** Every record is old enough to be dropped. */
  expire(channel: string): void {
    const log = this.logs.get(channel)
    if (log !== undefined) this.write(channel, { ...log, trimmed: topOf(log) })
  }

  /** Somebody deletes the keys. */
  lose(channel: string): void {
    this.write(channel, undefined)
  }

  write(channel: string, log: LogState | undefined): void {
    put(this.logs, channel, log)
    this.#backlog.push([channel, log])
    if (this.isStale) this.#archive.loss(false)
    if (log !== undefined) this.#archive.note(channel, log)
  }

  /** The log as it is named under this server's term, whether anything was written under it or not. */
  #asNow(log: LogState): LogState {
    const { term } = this
    if (log.term === term) return log
    return { ...log, term, forks: [{ term: log.term, top: topOf(log) }, ...log.forks].slice(0, MAX_FORKS) }
  }

  /** The log under this server's term; a log that does not exist begins. */
  #current(channel: string): LogState {
    const log = this.logs.get(channel)
    if (log?.term === this.term) return log
    const { term } = this
    const begun: LogState =
      log === undefined
        ? {
            incarnation: this.#archive.freshName('i'),
            term,
            forks: [],
            tip: undefined,
            trimmed: 0,
            producers: new Map(),
          }
        : this.#asNow(log)
    this.write(channel, begun)
    return begun
  }
}

function put(logs: Logs, channel: string, log: LogState | undefined): void {
  if (log === undefined) logs.delete(channel)
  else logs.set(channel, log)
}

function find({ tip }: LogState, stamp: { readonly id: string; readonly seq: number }): number {
  for (let at = tip; at !== undefined; at = at.below) {
    if (at.producer?.id === stamp.id && at.producer.seq === stamp.seq) return at.offset
  }
  return 0
}
