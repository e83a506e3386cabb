import type { ServerConfig } from '../config/server-config.ts'
import type { DemoNode } from '../http/demo-routes.ts'

/** What the primary says to a worker. */
export type PrimaryOrder =
  | { readonly type: 'begin'; readonly name: string; readonly config: ServerConfig }
  | { readonly type: 'drain' }
  | { readonly type: 'nodes'; readonly id: number; readonly nodes: readonly DemoNode[] }
  | { readonly type: 'killed'; readonly id: number; readonly found: boolean }

/** What a worker says to the primary. */
export type WorkerReport =
  /** Its listener is in place: it can be told to begin. */
  | { readonly type: 'hello' }
  | { readonly type: 'ready' }
  /** It cannot begin; the message is for the person at the terminal. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'connections'; readonly count: number }
  | { readonly type: 'ask-nodes'; readonly id: number }
  | { readonly type: 'ask-kill'; readonly id: number; readonly node: string }

/** The worker bus talks over the same channel: each takes only what carries its own mark. */
const MARK = 'oyez-serve'

interface Envelope<T> {
  readonly mark: typeof MARK
  readonly content: T
}

/** Wraps a message for the channel between primary and worker. */
export function sealed<T extends PrimaryOrder | WorkerReport>(content: T): Envelope<T> {
  return { mark: MARK, content }
}

/** The content of a message of ours; `undefined` for everybody else's. Both ends are the same version of this program. */
export function unsealed<T extends PrimaryOrder | WorkerReport>(message: unknown): T | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { mark, content } = message as Partial<Envelope<T>>
  return mark === MARK ? content : undefined
}
