import type { AnyContract, Contract } from '../protocol/contract.ts'
import type { PublisherInfo } from '../protocol/json-client-codec.ts'
import type { Break } from '../protocol/position.ts'
import type { ErrorEvents } from './emitter.ts'

export type ClientState = 'disconnected' | 'connecting' | 'connected'

/** A number and its words: a close code of the server, or one below 100 that the client chose itself. */
export interface StateReason {
  readonly code: number
  readonly reason: string
}

/** What a client tells. */
export interface ClientEvents<C extends Contract = AnyContract> extends ErrorEvents {
  /** `connect()` was called, the connection is gone, or an attempt failed; attempts follow until one succeeds or the server refuses for good. */
  connecting: StateReason
  connected: {
    /** The id of this connection. */
    readonly client: string
    /** The node it ended up on; empty when the server does not say. */
    readonly node: string
    /** The `data` of the identity that the server's `authenticate` returned. */
    readonly data: unknown
  }
  /** Over until `connect()` is called again: by `disconnect()` (code 0), without a token (1), or because the server refused. */
  disconnected: StateReason
  /**
   * Data sent to this user, or to a channel that the server subscribed the connection to. In order, each once; the position moves after the
   * listeners have returned.
   */
  message: {
    readonly data: C['personal']
    /** The personal channel `#<user>`; empty for a message to this connection alone, which is not recovered. */
    readonly channel: string
    readonly offset: number
    readonly info?: PublisherInfo | undefined
  }
  /** Something was missed in a channel that the server subscribed the connection to. */
  break: Break & { readonly channel: string }
}
