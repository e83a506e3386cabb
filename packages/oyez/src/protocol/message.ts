import type { Break, Position } from './position.ts'

/**
 * A payload: the UTF-8 bytes of one JSON value, or any bytes in a channel whose rule allows them, kept as the publisher wrote them. It is never parsed
 * and written again on its way.
 */
export type Payload = Uint8Array

/** Who published, as the server knows it (never as the client claims). */
export interface ClientInfo {
  readonly user: string
  /** The id of the publisher's connection. */
  readonly client: string
  /** The `info` of the publisher's identity: UTF-8 bytes of a JSON value. */
  readonly connInfo?: Payload | undefined
}

/** Data sent to a channel, as subscribers receive it. */
export interface Publication {
  readonly data: Payload
  /** Place in the channel's log, from 1; 0 in ephemeral channels, which have no log. */
  readonly offset: number
  /**
   * The publisher; absent when a server published. Already UTF-8 bytes of the wire's JSON object
   * `{"user":…,"client":…,"conn_info":…}`, so that a hub hands it on without building it again.
   */
  readonly info?: Payload | undefined
}

/** The part of a message that is the same for every command: an id above 0 that the client chose, or 0 for `send` and pong. */
interface WithId {
  readonly id: number
}

/** Ask for the stream to continue after a position. */
export interface RecoverRequest {
  readonly epoch: string
  readonly offset: number
}

/** What a client says to a hub, narrowed by the codec. */
export type ClientMessage =
  | (WithId & {
      readonly type: 'connect'
      readonly token: string
      readonly data?: Payload | undefined
      readonly name: string
      readonly version: string
      /** Headers that the client claims, because browsers cannot set HTTP headers; names in lower case. */
      readonly headers: ReadonlyMap<string, string>
      /** Positions of the server-side subscriptions that the client had, by channel. */
      readonly subs: ReadonlyMap<string, RecoverRequest>
      /** Whether the client understands oyez's own extensions (breaks and epochs in the stream). */
      readonly extensions: boolean
    })
  | (WithId & {
      readonly type: 'subscribe'
      readonly channel: string
      readonly token: string
      readonly data?: Payload | undefined
      readonly recover?: RecoverRequest | undefined
      /** Answer with error 112 instead of an unrecovered subscription. */
      readonly rejectUnrecovered: boolean
    })
  | (WithId & { readonly type: 'unsubscribe'; readonly channel: string })
  | (WithId & {
      readonly type: 'publish'
      readonly channel: string
      readonly data: Payload
      /**
       * Why the payload is no JSON value, which only binary wire forms can carry; absent when it is one. It may then be published where the channel's
       * rule allows any bytes, and nowhere else.
       */
      readonly notJson?: string | undefined
      /** Exactly-once publishing: the producer's id and the number of this message in this channel, from 1. */
      readonly producer?: { readonly id: string; readonly seq: number } | undefined
    })
  /** Exactly-once publishing: nothing more comes under this producer's id in this channel; up to which number was it stored? */
  | (WithId & { readonly type: 'close-producer'; readonly channel: string; readonly producer: string })
  | (WithId & {
      readonly type: 'history'
      readonly channel: string
      /** 0 asks for the position only, a negative number for all that there is. */
      readonly limit: number
      readonly since?: RecoverRequest | undefined
      readonly reverse: boolean
    })
  | (WithId & { readonly type: 'rpc'; readonly method: string; readonly data: Payload })
  | { readonly id: 0; readonly type: 'send'; readonly data: Payload }
  | { readonly id: 0; readonly type: 'pong' }
  /** A known command of the protocol that this hub does not offer (presence, refresh, …): answered with error 108. */
  | (WithId & { readonly type: 'unsupported'; readonly command: string })
  /** A command whose envelope was readable and whose content was not: answered with an error, or the connection is closed. */
  | (WithId & { readonly type: 'invalid'; readonly problem: string; readonly fatal: boolean })

/** The answer to a subscribe, also one entry of `subs` in the answer to a connect. */
export interface SubscribeResult {
  /** Whether the channel keeps a log, so that a client can continue from a position. */
  readonly recoverable: boolean
  readonly epoch: string
  readonly offset: number
  readonly wasRecovering: boolean
  readonly recovered: boolean
  readonly publications: readonly Publication[]
  /** Why the position could not be continued; only when it was asked for and `recovered` is false. */
  readonly break?: Break | undefined
  readonly data?: Payload | undefined
}

/** What a hub says to a client. */
export type ServerMessage =
  | {
      readonly type: 'error'
      readonly id: number
      readonly code: number
      readonly message: string
      readonly temporary: boolean
      /** With code 120 only: the sequence number the log expects next. */
      readonly expected?: number | undefined
    }
  | {
      readonly type: 'connected'
      readonly id: number
      readonly client: string
      readonly version: string
      /** Seconds between pings; 0 when there are none. */
      readonly ping: number
      /** Whether the client must answer pings. */
      readonly pong: boolean
      readonly node: string
      readonly data?: Payload | undefined
      readonly subs: ReadonlyMap<string, SubscribeResult>
      /** Whether the hub will use oyez's extensions on this connection. */
      readonly extensions: boolean
    }
  | { readonly type: 'subscribed'; readonly id: number; readonly result: SubscribeResult }
  | { readonly type: 'unsubscribed'; readonly id: number }
  | {
      readonly type: 'published'
      readonly id: number
      /** Where the publication stands; absent for ephemeral channels. */
      readonly position?: Position | undefined
      /** The message had been stored before; `position` is where. */
      readonly duplicate: boolean
    }
  | {
      readonly type: 'producer-closed'
      readonly id: number
      /** The last number that was stored; 0 for none. */
      readonly seq: number
      /** The history that this is true of. */
      readonly epoch: string
    }
  | {
      readonly type: 'history'
      readonly id: number
      readonly publications: readonly Publication[]
      readonly position: Position
    }
  | { readonly type: 'rpc'; readonly id: number; readonly data: Payload }
  | { readonly type: 'ping' }
  | { readonly type: 'publication'; readonly channel: string; readonly publication: Publication }
  | { readonly type: 'unsubscribe-push'; readonly channel: string; readonly code: number; readonly reason: string }
  | { readonly type: 'message-push'; readonly data: Payload }
  /** Extension: the stream of this channel broke and goes on. */
  | { readonly type: 'break-push'; readonly channel: string; readonly break: Break }
  /** Extension: the log continues whole under a new epoch. */
  | { readonly type: 'epoch-push'; readonly channel: string; readonly epoch: string }
  /** Extension: another master may have lost what this client published; it is to send the last of each channel again. */
  | { readonly type: 'sync-push' }
