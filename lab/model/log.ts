import { CLOSED, copyLog, emptyLog, isServing, type Log, type Place, type Server, type State } from './state.ts'
import { Violation } from './explore.ts'
import { isSameContent } from './record-number.ts'
import type { Variant } from './variant.ts'

export type BreakReason = 'new-log' | 'fork' | 'trimmed' | 'unknown'

export type Verdict =
  | { readonly kind: 'continue'; readonly head: Place }
  | { readonly kind: 'break'; readonly reason: BreakReason; readonly head: Place }

export type Appended =
  | { readonly kind: 'appended'; readonly place: Place }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'out-of-sequence'; readonly expected: number }
  | { readonly kind: 'unknown-producer' }

export interface Append {
  readonly producerId: number
  readonly seq: number
  readonly message: number
}

/** The steps of one server on the channel's log; each is atomic, as a script in Redis is. */
export class LogSteps {
  readonly #variant: Variant

  constructor(variant: Variant) {
    this.#variant = variant
  }

  append(state: State, server: Server, request: Append): Appended {
    const { log } = server
    const { producerId, seq, message } = request
    const isAlive = this.#isAlive(log)
    const known = isAlive ? (log.lastSeq[producerId] ?? 0) : 0
    const last = known % CLOSED
    if (this.#variant !== 'no-sequence') {
      if (known === 0 && seq !== 1) return { kind: 'unknown-producer' }
      if (seq <= last) return { kind: 'duplicate' }
      if (known >= CLOSED) return { kind: 'unknown-producer' }
      if (last !== 0 && seq !== last + 1) return { kind: 'out-of-sequence', expected: last + 1 }
    }
    if (isAlive) this.#takeTerm(server)
    else this.#begin(state, server)
    if (log.records.some((record) => isSameContent(record, message))) {
      throw new Violation('I8: the log holds a message twice')
    }
    log.records.push(message)
    log.lastSeq[producerId] = seq
    noteWrite(state, server)
    return { kind: 'appended', place: headOf(log) }
  }

  /** Takes nothing more under a producer's id. @returns The last number that was stored under it. */
  close(state: State, server: Server, producerId: number): number {
    const { log } = server
    if (this.#isAlive(log)) this.#takeTerm(server)
    else this.#begin(state, server)
    const last = (log.lastSeq[producerId] ?? 0) % CLOSED
    log.lastSeq[producerId] = CLOSED + last
    noteWrite(state, server)
    return last
  }

  /** What the log says about a place. A read of an unknown log begins it, and the first read under a new master notes the fork. */
  read(state: State, server: Server, place: Place): Verdict {
    const { log } = server
    const before = log.incarnation * 1_000 + log.term
    if (this.#isAlive(log)) this.#takeTerm(server)
    else this.#begin(state, server)
    if (before !== log.incarnation * 1_000 + log.term) noteWrite(state, server)
    const head = headOf(log)
    if (place.incarnation === 0) return { kind: 'continue', head }
    if (place.incarnation !== log.incarnation) return { kind: 'break', reason: 'new-log', head }
    const end = place.term === log.term ? log.records.length : log.forks.find(({ term }) => term === place.term)?.top
    if (end === undefined) return { kind: 'break', reason: 'unknown', head }
    if (place.offset > end) return { kind: 'break', reason: 'fork', head }
    if (place.offset < log.trimmed || (log.isStreamLost && place.offset < log.records.length)) {
      return { kind: 'break', reason: 'trimmed', head }
    }
    return { kind: 'continue', head }
  }

  /** What an audit sees: reads nothing, begins nothing; `undefined` where there is no sound log. */
  head({ log, replid }: Server): Place | undefined {
    if (!this.#isAlive(log)) return undefined
    const isNewReign = log.epochHistory !== replid
    return isNewReign ? { ...headOf(log), term: this.#termAfter(log, replid) } : headOf(log)
  }

  /** The stream's time is over: all its records are dropped, the identity goes on. */
  expire(log: Log): void {
    log.trimmed = log.records.length
    if (this.#variant === 'expiring-together') Object.assign(log, emptyLog(0), { lastSeq: log.lastSeq.map(() => 0) })
  }

  #isAlive(log: Log): boolean {
    if (log.incarnation === 0) return false
    return this.#variant === 'stream-loss-is-trimming' || !log.isStreamLost || log.records.length === 0
  }

  #begin(state: State, { log, replid }: Server): void {
    Object.assign(log, emptyLog(0), { lastSeq: log.lastSeq.map(() => 0) })
    log.incarnation = state.fresh++
    log.epochHistory = replid
    log.term = this.#termAfter(log, replid)
  }

  #takeTerm({ log, replid }: Server): void {
    if (log.epochHistory === replid) return
    log.epochHistory = replid
    const term = this.#termAfter(log, replid)
    if (term === log.term) return
    log.forks.unshift({ term: log.term, top: log.records.length })
    log.term = term
  }

  #termAfter(log: Log, replid: number): number {
    if (this.#variant === 'no-fence') return 0
    return this.#variant === 'counter-term' ? log.term + 1 : replid
  }
}

export function headOf(log: Log): Place {
  return { incarnation: log.incarnation, term: log.term, offset: log.records.length }
}

/** A stale master's writes will be lost, whatever they are. */
function noteWrite(state: State, server: Server): void {
  if (server.role === 'stale') state.isLossy = true
}

/** The replica's server takes over with what it has. */
export function promote(state: State, oldRole: 'dead' | 'stale'): void {
  const [first, second] = state.servers
  const [old, next] = first.role === 'master' ? [first, second] : [second, first]
  if (!isSameLog(old.log, next.log)) state.isLossy = true
  old.role = oldRole
  if (oldRole === 'dead') old.log = emptyLog(state.producers.length)
  next.role = 'master'
  next.replid = state.fresh++
  // A snapshot is of the disk of the one that saved it.
  state.snapshot = undefined
}

/** The master starts again with other data: its own snapshot, or none. */
export function restartWith(state: State, server: Server, log: Log): void {
  if (!isSameLog(server.log, log)) state.isLossy = true
  server.log = copyLog(log)
  server.replid = state.fresh++
}

export function isSameLog(a: Log, b: Log): boolean {
  return (
    a.incarnation === b.incarnation &&
    a.term === b.term &&
    a.epochHistory === b.epochHistory &&
    a.trimmed === b.trimmed &&
    a.isStreamLost === b.isStreamLost &&
    isSameList(a.records, b.records) &&
    isSameList(a.lastSeq, b.lastSeq) &&
    a.forks.length === b.forks.length &&
    a.forks.every(({ term, top }, index) => b.forks[index]?.term === term && b.forks[index].top === top)
  )
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

/** I2: no two different records anywhere share incarnation, term and offset. Known only for the records under the logs' present terms. */
export function checkUniquePlaces(state: State): void {
  const [{ log: a }, { log: b }] = state.servers
  if (!state.servers.every(isServing)) return
  if (a.incarnation === 0 || a.incarnation !== b.incarnation || a.term !== b.term) return
  const from = Math.max(a.forks[0]?.top ?? 0, b.forks[0]?.top ?? 0)
  for (let index = from; index < Math.min(a.records.length, b.records.length); index++) {
    if (a.records[index] !== b.records[index]) throw new Violation('I2: two different records share a position')
  }
}
