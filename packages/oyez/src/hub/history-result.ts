import type { ReadResult } from '../bus/bus.ts'
import type { Publication } from '../protocol/message.ts'
import type { Position } from '../protocol/position.ts'
import type { ResolvedRule } from './channel-rule.ts'
import type { HistoryReply } from './command-handler.ts'
import { HubError } from './hub-error.ts'
import type { JsonText } from './json-text.ts'
import { decodePayload, JSON_PAYLOAD, rawPayload } from './payload.ts'
import { decodeRecord } from './record.ts'

export interface HistoryOptions {
  /** Most publications; 0 asks for the position only. @default 300 */
  readonly limit?: number | undefined
  /** Begin after this position (before it with `reverse`). */
  readonly since?: Position | undefined
  /** Newest first. @default false */
  readonly reverse?: boolean | undefined
  /** Payloads and publisher infos as {@link JsonText}, with every digit as it was published, in place of parsed values. @default false */
  readonly raw?: boolean | undefined
}

/** A kept publication with its source text. */
export interface RawHistoryPublication {
  readonly offset: number
  /** The bytes in a channel whose rule has `binary`. */
  readonly data: JsonText | Uint8Array
  /** A {@link PublisherInfo}; absent when a server published. */
  readonly info?: JsonText | undefined
}

/** The answer of `hub.history` with the option `raw`. */
export interface RawHistoryResult {
  readonly publications: readonly RawHistoryPublication[]
  /** The newest position of the channel. */
  readonly position: Position
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

/** The answer of `hub.history`, by its option `raw`. */
export type HistoryAnswer<Data, Raw extends boolean> = Raw extends true ? RawHistoryResult : HistoryResult<Data>

/** @returns The limit of a history call. @throws {TypeError} when it is no whole number from 0. */
export function checkedLimit(limit: number): number {
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  throw new TypeError(`limit must be a whole number from 0, not ${limit}`)
}

/** What the bus read, as the protocol's answer. Records that no hub wrote are left out. */
export function toHistoryReply(result: ReadResult): HistoryReply {
  if (result.verdict === 'break') return undefined
  const publications = result.records
    .map(({ record, offset }) => decodeRecord(record, offset))
    .filter((publication): publication is Publication => publication !== undefined)
  return { publications, position: result.head }
}

/**
 * The protocol's answer for the application: parsed, or with the source text of its payloads.
 *
 * @throws {HubError} when `since` belongs to a history that is gone.
 */
export function toHistoryResult<Data, Raw extends boolean>(
  reply: HistoryReply,
  rule: ResolvedRule,
  isRaw: Raw | undefined,
): HistoryAnswer<Data, Raw> {
  if (reply === undefined) throw new HubError('unrecoverable-position', 'the history after this position is gone')
  const read = isRaw === true ? rawPayload : decodePayload
  const publications = reply.publications.map(({ offset, data, info }) => ({
    offset,
    data: read(data, rule),
    info: info === undefined ? undefined : read(info, JSON_PAYLOAD),
  }))
  return { publications, position: reply.position } as HistoryAnswer<Data, Raw>
}
