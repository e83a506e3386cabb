import type { ReadResult } from '../bus/bus.ts'
import type { Publication } from '../protocol/message.ts'
import type { Position } from '../protocol/position.ts'
import type { ResolvedRule } from './channel-rule.ts'
import type { HistoryReply } from './command-handler.ts'
import { HubError } from './hub-error.ts'
import { decodePayload } from './payload.ts'
import { decodeRecord } from './record.ts'

export interface HistoryOptions {
  /** Most publications; 0 asks for the position only. @default 300 */
  readonly limit?: number | undefined
  /** Begin after this position (before it with `reverse`). */
  readonly since?: Position | undefined
  /** Newest first. @default false */
  readonly reverse?: boolean | undefined
}

/** Who published, as the server knows it. */
export interface PublisherInfo {
  readonly user: string
  readonly client: string
  readonly conn_info?: unknown
}

/** A kept publication, parsed; the bytes of its payload in a channel whose rule has `binary`. */
export interface HistoryPublication<Data> {
  readonly offset: number
  readonly data: Data
  /** Absent when a server published. */
  readonly info?: PublisherInfo | undefined
}

export interface HistoryResult<Data> {
  readonly publications: readonly HistoryPublication<Data>[]
  /** The newest position of the channel. */
  readonly position: Position
}

/** What the bus read, as the protocol's answer. Records that no hub wrote are left out. */
export function toHistoryReply(result: ReadResult): HistoryReply {
  if (result.verdict === 'break') return undefined
  const publications = result.records
    .map(({ record, offset }) => decodeRecord(record, offset))
    .filter((publication): publication is Publication => publication !== undefined)
  return { publications, position: result.head }
}

/** The protocol's answer, parsed for the application. @throws {HubError} when `since` belongs to a history that is gone. */
export function toHistoryResult<Data>(reply: HistoryReply, rule: ResolvedRule): HistoryResult<Data> {
  if (reply === undefined) throw new HubError('unrecoverable-position', 'the history after this position is gone')
  const publications = reply.publications.map(({ offset, data, info }) => ({
    offset,
    data: decodePayload(data, rule) as Data,
    info: info === undefined ? undefined : (decodePayload(info, { binary: false }) as PublisherInfo),
  }))
  return { publications, position: reply.position }
}
