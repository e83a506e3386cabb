/** The server's clock as seen from here: deadlines must be in its time, because it is the server that judges them. */
export class ServerClock {
  #offset = Date.now() - performance.now()

  /** Takes the answer of TIME (seconds, microseconds) to a question sent at `sentAt` (performance.now()). Anything else is ignored. */
  observe(answer: unknown, sentAt: number): void {
    if (!Array.isArray(answer)) return
    const [seconds, micros] = answer as readonly unknown[]
    const serverMs = Number(seconds) * 1000 + Number(micros) / 1000
    if (Number.isFinite(serverMs) && serverMs > 0) this.#offset = serverMs - (sentAt + performance.now()) / 2
  }

  /** The server's time at a moment of `performance.now()`, in whole milliseconds. */
  at(localMs: number): number {
    return Math.round(localMs + this.#offset)
  }
}
