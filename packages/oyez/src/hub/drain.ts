import { CloseCodes } from '../protocol/close-code.ts'
import type { Connection } from './connection.ts'
import { MAX_TIMER_MS } from './options.ts'

/** Timers are not finer than this; several connections share a pause when theirs is shorter. */
const SHORTEST_PAUSE_MS = 10

/**
 * Sends clients away one after the other, evenly over a time, so that the nodes they come back to are not stormed. Resolves when all are
 * gone; the transport ends by force those that do not say goodbye in time.
 */
export async function drain(connections: readonly Connection[], drainMs: number): Promise<void> {
  const gone = connections.map((connection) => connection.whenGone())
  const pause = connections.length === 0 ? 0 : Math.min(drainMs, MAX_TIMER_MS) / connections.length
  let owed = 0
  for (const connection of connections) {
    connection.close(CloseCodes.shutdown)
    owed += pause
    if (owed < SHORTEST_PAUSE_MS) continue
    await new Promise((resolve) => setTimeout(resolve, owed))
    owed = 0
  }
  await Promise.all(gone)
}
