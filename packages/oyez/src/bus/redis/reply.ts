import type { BreakReason, Position } from '../../protocol/position.ts'
import type { AppendResult, ReadResult, StoredRecord } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { APPEND_CODE } from './append-script.ts'
import { isEpoch } from './epoch.ts'
import { parseOffset } from './hint-envelope.ts'
import { READ_CODE } from './read-script.ts'

/** What the append script answered, and whether its hint could be published. */
export interface AppendReply {
  readonly result: AppendResult
  readonly hinted: boolean
}

/** @throws {BusError} `uncertain` for an answer that our script cannot have given. */
export function parseAppendReply(reply: unknown): AppendReply {
  if (isArray(reply)) {
    const [code, first, second, flag] = reply
    switch (code) {
      case APPEND_CODE.appended:
      case APPEND_CODE.duplicate: {
        const position = positionOf(first, second)
        if (position === undefined) break
        const kind = code === APPEND_CODE.appended ? 'appended' : 'duplicate'
        return { result: { kind, position }, hinted: flag !== 0 }
      }
      case APPEND_CODE.outOfSequence:
        if (typeof first !== 'number') break
        return { result: { kind: 'out-of-sequence', expected: first }, hinted: true }
      case APPEND_CODE.unknownProducer:
        return { result: { kind: 'unknown-producer' }, hinted: true }
      case APPEND_CODE.expired:
        throw new BusError('unavailable', 'Redis took up the request only after its deadline; nothing was stored')
      default:
    }
  }
  throw new BusError('uncertain', 'Redis gave an answer to an append that makes no sense')
}

const NO_LOG: Position = { epoch: '', offset: 0 }

const REASONS: ReadonlyMap<unknown, BreakReason> = new Map([
  [READ_CODE.newLog, 'new-log'],
  [READ_CODE.fork, 'fork'],
  [READ_CODE.trimmed, 'trimmed'],
  [READ_CODE.unknown, 'unknown'],
])

/** @throws {BusError} `refused` for an answer that our script cannot have given. */
export function parseReadReply(reply: unknown, reverse: boolean): ReadResult {
  if (isArray(reply)) {
    const [code, epoch, offset, fork, ...entries] = reply
    // A read that creates nothing finds no log: its head has no epoch.
    const head = isNoLog(epoch, offset) ? NO_LOG : positionOf(textOf(epoch), textOf(offset))
    const reason = REASONS.get(code)
    if (head !== undefined && reason !== undefined) {
      const shared = reason === 'fork' ? parseOffset(textOf(fork)) : undefined
      return shared === undefined
        ? { verdict: 'break', reason, head }
        : { verdict: 'break', reason, head, fork: shared }
    }
    if (head !== undefined && code === READ_CODE.continue) {
      return { verdict: 'continue', records: recordsOf(entries, reverse), head }
    }
  }
  throw new BusError('refused', 'Redis gave an answer to a read that makes no sense')
}

/** One position or `undefined` for each channel asked for. */
export function parseHeadsReply(reply: unknown, count: number): (Position | undefined)[] {
  const fields = isArray(reply) ? reply : []
  const heads: (Position | undefined)[] = []
  for (let i = 0; i < count; i++) heads.push(positionOf(fields[2 * i], fields[2 * i + 1]))
  return heads
}

/** Up to the first hole or foreign entry: what lies behind it is found missing by the next read, which then says so. */
function recordsOf(entries: readonly unknown[], reverse: boolean): StoredRecord[] {
  const records: StoredRecord[] = []
  let expected: number | undefined
  for (let i = 0; i + 1 < entries.length; i += 2) {
    const [, number, rest] = /^(\d+)-(\d+)$/.exec(textOf(entries[i])) ?? []
    const offset = parseOffset(number ?? '')
    const record = entries[i + 1]
    if (offset === undefined || rest !== '0' || !Buffer.isBuffer(record)) break
    if (expected !== undefined && offset !== expected) break
    // A copy, for the reply is a view on a larger chunk.
    records.push({ offset, record: new Uint8Array(record) })
    expected = reverse ? offset - 1 : offset + 1
  }
  return records
}

function positionOf(epoch: unknown, offset: unknown): Position | undefined {
  if (typeof epoch !== 'string' || typeof offset !== 'string' || !isEpoch(epoch)) return undefined
  const number = parseOffset(offset)
  return number === undefined ? undefined : { epoch, offset: number }
}

function isNoLog(epoch: unknown, offset: unknown): boolean {
  return textOf(epoch) === '' && textOf(offset) === '0'
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString('latin1') : ''
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
