import type WebSocket from 'ws'
import type { Journal } from './journal.ts'

/** A place in a channel, as a client keeps account of it. */
export interface Place {
  readonly epoch: string
  readonly offset: number
}

export interface RecordingClientOptions {
  readonly actor: number
  readonly name: string
  readonly urls: readonly string[]
  readonly channels: readonly string[]
  readonly journal: Journal
  readonly socket: new (url: string) => WebSocket
}

/** A client that writes down everything it is told. */
export interface RecordingClient {
  readonly name: string
  readonly delivered: number
  readonly breaks: number
  /** Subscriptions that are live now. */
  readonly live: number
  position(channel: string): Place | undefined
  close(): void
}

/** What the lab's publishers send. */
export interface Message {
  readonly p: string
  readonly n: number
}

/** Anything else gets a name that the checker does not know. */
export function messageOf(data: unknown): Message {
  const message = data as Partial<Message> | null
  return typeof message?.p === 'string' && typeof message.n === 'number' ? (message as Message) : { p: '?', n: 0 }
}
