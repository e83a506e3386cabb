import { EMPTY_LOG_MS } from '../bus/bus.ts'
import { CloseCodes } from '../protocol/close-code.ts'
import type { Audit } from './audit.ts'
import type { BusSubscriptions } from './bus-subscriptions.ts'
import type { HubTimes } from './options.ts'
import type { ProducerSync } from './producer-sync.ts'
import type { Registry } from './registry.ts'

/** What the periodic work of a hub touches. */
export interface HousekeepingParts {
  readonly times: HubTimes
  readonly registry: Registry
  readonly busSubscriptions: BusSubscriptions
  readonly audit: Audit
  readonly producerSync: ProducerSync
  /** Whether the bus can be asked now. */
  readonly isBusUp: () => boolean
  /** The process stood still for so long that its hints may have been dropped on their way. */
  readonly onStall: (stoodStillMs: number) => void
}

const RETRY_MS = 1_000
/** As long as the bus waits for its own probe: a broker may have given a process up that stood still for longer. */
const STALL_MS = 3_000

/** What a hub does from time to time and what belongs to no connection; driven by the heartbeat's timer. */
export class Housekeeping {
  readonly #parts: HousekeepingParts
  #lastTurn = performance.now()
  #nextRetry = 0
  #nextAudit = 0

  constructor(parts: HousekeepingParts) {
    this.#parts = parts
  }

  /** Called several times a second. */
  turn(): void {
    const { times, busSubscriptions, audit, producerSync, isBusUp } = this.#parts
    const now = performance.now()
    this.#noticeStall(now)
    busSubscriptions.sweep()
    this.#closeStale(now)
    if (!isBusUp()) return
    producerSync.turn(now)
    if (now >= this.#nextRetry) {
      this.#nextRetry = now + RETRY_MS
      for (const channel of busSubscriptions.channels()) channel.retry()
    }
    if (now >= this.#nextAudit) {
      this.#nextAudit = now + Math.min(times.auditIntervalMs, EMPTY_LOG_MS / 3) / 2
      void audit.run()
    }
  }

  #noticeStall(now: number): void {
    const stoodStillMs = now - this.#lastTurn
    this.#lastTurn = now
    if (stoodStillMs > STALL_MS) this.#parts.onStall(stoodStillMs)
  }

  /** Ends the connections that have not said who they are in time. */
  #closeStale(now: number): void {
    for (const connection of this.#parts.registry.pending()) {
      if (now - connection.openedAt >= this.#parts.times.connectTimeoutMs) connection.close(CloseCodes.stale)
    }
  }
}
