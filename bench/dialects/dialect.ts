/** What a connection of the load generator is for. */
export type Aim =
  /** Hears the channel that everybody hears. */
  | { readonly kind: 'subscriber'; readonly channel: string }
  /** Is a named user: hears what is sent to that user, and may send to others. */
  | { readonly kind: 'user'; readonly user: string }
  /** Only publishes, or only sits there. */
  | { readonly kind: 'bystander' }

/** What the load generator must know to talk to one kind of server. Texts are the payloads of WebSocket text frames. */
export interface Dialect {
  /** Path and query of the upgrade request. */
  path(aim: Aim): string
  /** What the client says first. */
  hello(aim: Aim): readonly string[]
  /** Whether a connection is ready without a word of the server. @default false */
  readonly readyOnUpgrade?: true | undefined
  /** What the client answers to a frame that came before the connection was ready, and whether it is ready now. */
  onHandshake(text: string, aim: Aim): { readonly reply?: string | undefined; readonly ready: boolean }
  /** Whether a frame's payload is a delivered publication. Looks at a few bytes only: this is the generator's hot path. */
  isPublication(bytes: Uint8Array, start: number, length: number): boolean
  /** What to answer when a short frame is the server's own heartbeat; `undefined` when this server has none. */
  readonly heartbeat?: { readonly length: number; readonly answer: string } | undefined
  /** The command that publishes to a channel. `payload` is a JSON string, quotes included; `id` has ten digits. */
  publish(channel: string, payload: string, id: number): string
  /** The command that sends to one user. */
  sendTo(user: string, payload: string, id: number): string
}
