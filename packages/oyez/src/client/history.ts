import type { PublisherInfo } from '../protocol/json-client-codec.ts'
import type { Position } from '../protocol/position.ts'

/** Which part of a channel's history to read. */
export interface HistoryOptions {
  /** Most publications to return; 0 asks for the position only. @default 100 */
  readonly limit?: number | undefined
  /** Begin behind this position (before it, with `reverse`). */
  readonly since?: Position | undefined
  /** Newest first. @default false */
  readonly reverse?: boolean | undefined
}

/**
 * A part of a channel's history, and its newest position. One answer holds about 1 MiB at most, so it may hold fewer publications than `limit`: while
 * `position.offset` is beyond the last publication, ask again with `since` = `{ epoch: position.epoch, offset: <of the last publication> }`.
 */
export interface History<Data> {
  readonly publications: readonly {
    readonly data: Data
    readonly offset: number
    readonly info?: PublisherInfo | undefined
  }[]
  readonly position: Position
}
