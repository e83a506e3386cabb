export interface ProbeOptions {
  /** Publishes the number to this node's own probe channel. Resolves when Redis has answered; whether it likes the call does not matter. */
  readonly send: (number: number) => Promise<void>
  /** Are hints expected to come at present? While they are not, only the answers are watched. */
  readonly hearing: () => boolean
  readonly onDead: (error: Error) => void
}

const INTERVAL_MS = 1_000
const TIMEOUT_MS = 3_000
const TICK_MS = 250

/**
 * Finds out that Redis is frozen, or that one of the two connections is half open: every second a tiny publish goes the way that a publication goes. One
 * that is not answered and heard within 3 s means that the connections are dead, whatever the sockets say. Answers of one connection come in order, so
 * this also bounds every other call.
 */
export class Probe {
  readonly #options: ProbeOptions
  #timer: NodeJS.Timeout | undefined
  #number = 0
  #lastTick = 0
  #lastSent = 0
  readonly #unanswered = new Map<number, number>()
  readonly #unheard = new Map<number, number>()
  readonly #fresh = new Map<number, () => void>()

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  start(): void {
    this.stop()
    this.#lastTick = performance.now()
    this.#lastSent = Number.NEGATIVE_INFINITY
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    this.#tick()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#unanswered.clear()
    this.#unheard.clear()
  }

  /** A probe came back. One that comes back speaks for all before it. */
  heard(number: number): void {
    for (const earlier of this.#unheard.keys()) if (earlier <= number) this.#unheard.delete(earlier)
    this.#fresh.get(number)?.()
  }

  /** Sends one now. @returns whether it was heard within the time */
  async fresh(withinMs: number): Promise<boolean> {
    const number = ++this.#number
    let timer: NodeJS.Timeout | undefined
    const heard = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), withinMs)
      this.#fresh.set(number, () => resolve(true))
    })
    void this.#options.send(number)
    try {
      return await heard
    } finally {
      clearTimeout(timer)
      this.#fresh.delete(number)
    }
  }

  /** What was sent before the hints connection was replaced will never be heard. */
  forgetUnheard(): void {
    this.#unheard.clear()
  }

  #tick(): void {
    const now = performance.now()
    // This process was stopped or blocked: the answers wait in the socket, so the time away counts for nobody.
    const away = Math.max(0, now - this.#lastTick - 2 * TICK_MS)
    this.#lastTick = now
    for (const waiting of [this.#unanswered, this.#unheard]) {
      for (const [number, sentAt] of waiting) waiting.set(number, sentAt + away)
    }
    if (this.#overdue(this.#unanswered, now)) return this.#die(`no answer within ${TIMEOUT_MS} ms`)
    if (this.#options.hearing() && this.#overdue(this.#unheard, now)) {
      return this.#die(`a publication did not come back within ${TIMEOUT_MS} ms`)
    }
    if (now - this.#lastSent < INTERVAL_MS - TICK_MS / 2) return
    this.#lastSent = now
    const number = ++this.#number
    this.#unanswered.set(number, now)
    if (this.#options.hearing()) this.#unheard.set(number, now)
    void this.#options.send(number).then(() => this.#unanswered.delete(number))
  }

  /** One tick early, so that the whole detection takes no more than interval and timeout. */
  #overdue(waiting: ReadonlyMap<number, number>, now: number): boolean {
    for (const sentAt of waiting.values()) return now - sentAt > TIMEOUT_MS - TICK_MS
    return false
  }

  #die(reason: string): void {
    this.stop()
    this.#options.onDead(new Error(reason))
  }
}
