import type { Transport } from './transport.ts'

/** Whom a listener hands its connections to: a Hub. */
export interface Acceptor {
  /** Whether new connections are welcome now; otherwise upgrades are answered with 503. */
  readonly accepting: boolean
  accept(transport: Transport, request: UpgradeRequest): void
}

/** What the listener knows of an upgrade request. */
export interface UpgradeRequest {
  readonly url: string
  readonly headers: ReadonlyMap<string, string>
  readonly remoteAddress: string
  readonly format: 'json' | 'protobuf'
}

export const DEFAULT_PATH = '/connection/websocket'
/** A payload of 64 KiB, which a hub takes, with room for the command around it: what is a little too long is answered and not closed. */
export const DEFAULT_MAX_FRAME_BYTES = 69_632

/** Our own subprotocols, echoed when offered; `false` when none of them was. A client that offers both gets JSON. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  for (const name of ['centrifuge-json', 'centrifuge-protobuf']) if (offered.has(name)) return name
  return false
}

/** The wire form that a client asked for, by the subprotocol that was agreed on or by the query. */
export function formatOf(url: string, protocol: string): 'json' | 'protobuf' {
  if (protocol === 'centrifuge-protobuf') return 'protobuf'
  const query = new URLSearchParams(url.split('?', 2)[1] ?? '')
  return query.get('format') === 'protobuf' || query.get('cf_protocol') === 'protobuf' ? 'protobuf' : 'json'
}

/** An upgrade has no body: one that claims to is a smuggling attempt through a proxy that sees it otherwise. */
export function claimsBody(contentLength: string | undefined, transferEncoding: string | undefined): boolean {
  return transferEncoding !== undefined || (contentLength ?? '0') !== '0'
}
