/** What the heartbeat does to a connection. */
export interface Beating {
  sendPing(): void
  /** The pong did not come in time. */
  onPongTimeout(): void
  /** Whether a ping has been sent and not been answered. */
  readonly isAwaitingPong: boolean
}

const TICK_MS = 250

/**
 * Pings every connection once per interval, with one timer for all. Connections sit in the slots of a wheel; the first ping comes at a random point in
 * the second half of the interval, so that a mass reconnect does not become a mass ping.
 */
export class Heartbeat {
  readonly #slots: Set<Beating>[]
  readonly #slotOf = new Map<Beating, number>()
  readonly #pongSlots: number
  readonly #tickMs: number
  #timer: NodeJS.Timeout | undefined
  #now = 0

  /** @param onTick - Called at every turn, for other periodic work of the hub. */
  constructor(pingIntervalMs: number, pongTimeoutMs: number, onTick: () => void) {
    this.#tickMs = Math.min(TICK_MS, Math.ceil(pingIntervalMs / 4))
    const count = Math.max(2, Math.round(pingIntervalMs / this.#tickMs))
    this.#slots = Array.from({ length: count }, () => new Set<Beating>())
    // A pong must be due before the next ping of the same connection.
    this.#pongSlots = Math.min(count - 1, Math.max(1, Math.round(pongTimeoutMs / this.#tickMs)))
    this.#timer = setInterval(() => {
      this.#turn()
      onTick()
    }, this.#tickMs)
    // A process that has nothing else to do may end.
    this.#timer.unref()
  }

  add(connection: Beating): void {
    const count = this.#slots.length
    const ahead = Math.ceil(count / 2) + Math.floor(Math.random() * Math.floor(count / 2))
    const slot = (this.#now + Math.max(1, ahead)) % count
    this.#slots[slot]?.add(connection)
    this.#slotOf.set(connection, slot)
  }

  remove(connection: Beating): void {
    const slot = this.#slotOf.get(connection)
    if (slot === undefined) return
    this.#slots[slot]?.delete(connection)
    this.#slotOf.delete(connection)
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    for (const slot of this.#slots) slot.clear()
    this.#slotOf.clear()
  }

  #turn(): void {
    const count = this.#slots.length
    this.#now = (this.#now + 1) % count
    const overdue = this.#slots[(this.#now - this.#pongSlots + count) % count] ?? []
    for (const connection of overdue) if (connection.isAwaitingPong) connection.onPongTimeout()
    for (const connection of this.#slots[this.#now] ?? []) connection.sendPing()
  }
}
