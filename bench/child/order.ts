import type { HubStats } from 'oyez'

/** What one process may be ordered to do: method names with their argument and answer. */
export type Orders<O> = { [K in keyof O]: (argument: never) => unknown }

/** An order on its way to a child process. */
export interface OrderMessage {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}

/** The answer on its way back: a value, or what went wrong. */
export interface AnswerMessage {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string | undefined
}

/** What a process has used up so far. */
export interface Usage {
  /** User and system time of the whole process, microseconds. */
  readonly cpuUs: number
  /** Resident memory, bytes. */
  readonly rssBytes: number
}

/** What every server program understands. */
export interface ServerOrders {
  /** Starts to listen on a free loopback port. */
  listen(redisUrl: string): { readonly port: number } | Promise<{ readonly port: number }>
  usage(): Usage | Promise<Usage>
  /** Collects garbage first, so that the memory figure means something. */
  settledUsage(): Usage | Promise<Usage>
}

/** What a node of oyez understands beside that. */
export interface OyezOrders extends ServerOrders {
  stats(): HubStats
}

/** What the counting server understands beside that. */
export interface CountingOrders extends ServerOrders {
  /** Writes this many publications to every connection, and says how many frames it wrote in all. */
  burst(publications: number): { readonly sent: number } | Promise<{ readonly sent: number }>
}
