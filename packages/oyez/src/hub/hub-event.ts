import type { Break } from '../protocol/position.ts'
import type { ConnectionView } from './hooks.ts'

/** What a hub tells its process. Listeners run synchronously; an exception in one is swallowed and harms nobody. */
export interface HubEvents {
  /** A client was let in. */
  connected: { readonly connection: ConnectionView }
  /** A client that had been let in is gone. */
  disconnected: { readonly connection: ConnectionView; readonly code: number; readonly reason: string }
  subscribed: { readonly connection: ConnectionView; readonly channel: string; readonly recovered: boolean }
  unsubscribed: { readonly connection: ConnectionView; readonly channel: string }
  /** A channel's stream broke at this node; every subscriber here was told. */
  break: { readonly channel: string; readonly break: Break; readonly subscribers: number }
  /**
   * The bus came up, went down, refuses to store, or lost hints (which the hub then reads from the log). `down` and `refusing` come with their reason, and
   * come again when the reason has changed.
   */
  bus: { readonly state: 'up' | 'down' | 'refusing' | 'gap'; readonly error?: Error | undefined }
  /** A hook of the application threw something that is no Refusal. */
  hookError: { readonly hook: string; readonly error: unknown }
  /** The hub could not do something in the background and will try again. */
  warning: { readonly message: string; readonly error?: unknown }
}
