import type { Payload } from '../protocol/message.ts'
import { JsonText } from './json-text.ts'

/** What the HTTP upgrade request of a connection said. */
export interface AcceptRequest {
  /** Path and query, as sent. */
  readonly url: string
  /** Values of the HTTP headers by name in lower case; repeated headers are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>
  readonly remoteAddress: string
  /** The wire form that was agreed on. */
  readonly format: 'json' | 'protobuf'
}

/** A client that asks to be let in: its upgrade request and what it said in its `connect`. */
export interface ConnectRequest extends AcceptRequest {
  readonly token: string
  /**
   * Headers that the client put into its `connect`, by name in lower case: a browser cannot set HTTP headers on a WebSocket. They are claims of the client,
   * like `data`. The headers of the upgrade request, which a proxy in front of the server can set and check, are in `headers` and never mixed with these.
   */
  readonly clientHeaders: ReadonlyMap<string, string>
  /** The `data` of the connect command, parsed; `undefined` when there was none. */
  readonly data: unknown
  /** Name and version of the client's software, as it claims. */
  readonly name: string
  readonly version: string
}

/** Who a connection belongs to. */
export interface Identity {
  /** The user; `''` is anonymous. Every connection of a named user hears the user's personal channel. */
  readonly userId: string
  /** Shown to others beside the user's messages, and sent with each of them. A JSON value of at most 16 KiB. */
  readonly info?: unknown
  /** Sent to the client in the answer to its connect. A JSON value. */
  readonly data?: unknown
  /** Channels the server subscribes this connection to, beside its personal channel. */
  readonly channels?: readonly string[] | undefined
}

/** A connection, as hooks and events see it. */
export interface ConnectionView {
  /** Unique id of the connection. */
  readonly id: string
  readonly userId: string
  readonly identity: Identity
  readonly remoteAddress: string
}

/**
 * A refusal with words of your own: thrown from a hook, it becomes the error reply. Codes 400 to 1999 are for applications.
 *
 * @throws {TypeError} when the code is not an integer from 1 to 1999.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: number
  readonly temporary: boolean

  constructor(code: number, message: string, options?: { readonly temporary?: boolean | undefined }) {
    super(message)
    if (!Number.isInteger(code) || code < 1 || code > 1999)
      throw new TypeError(`Refusal code ${code} is not in 1 to 1999`)
    this.code = code
    this.temporary = options?.temporary ?? false
  }
}

/**
 * Decisions of the application. All hooks are optional, may be asynchronous, and run after every limit has been applied. A hook that throws a
 * {@link Refusal} refuses with it; any other error becomes error 100 for that client and a `hookError` event, and harms nobody else.
 */
export interface HubHooks {
  /**
   * Says who a client is; `null` or `undefined` turns it away for good (close 3500). Without this hook everybody is anonymous.
   */
  authenticate?(request: ConnectRequest): Identity | null | undefined | Promise<Identity | null | undefined>
  /**
   * Whether a connection may subscribe to a channel, and so read its history. Asked at every subscribe and history call, never for personal
   * channels: those belong to their user alone. Without it the channel's rule decides.
   */
  authorizeSubscribe?(connection: ConnectionView, channel: string): boolean | Promise<boolean>
  /** Whether a connection may publish this payload. Without it the channel's rule decides. `data` is the parsed JSON value, or
   * a `Uint8Array` in channels whose rule has `binary`, and `undefined` when a client ends its sequence of numbers in a channel and publishes nothing. */
  authorizePublish?(connection: ConnectionView, channel: string, data: unknown): boolean | Promise<boolean>
  /** Answers a call. Without it, calls are answered with error 108; throw a {@link Refusal} with code 104 for unknown methods. */
  onRpc?(connection: ConnectionView, method: string, params: unknown): unknown
  /** Hears a one-way message. Without it, a client that sends one is closed with 3508. */
  onMessage?(connection: ConnectionView, data: unknown): void | Promise<void>
}

/** The bytes of a JSON value. @throws {TypeError} when the value has no JSON form. */
export function toPayload(value: unknown): Payload {
  return Buffer.from(toJson(value))
}

/** The text of a JSON value. @throws {TypeError} when the value has no JSON form. */
export function toJson(value: unknown): string {
  if (value instanceof JsonText) return value.text
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON form`)
  return text
}
