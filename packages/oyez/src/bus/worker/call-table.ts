import { BusError, type BusErrorCode } from '../bus-error.ts'

interface PendingCall {
  readonly op: string
  readonly since: number
  readonly bytes: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: BusError) => void
}

/**
 * Calls that wait for their answers. Time is counted in beats, not read from a clock: a process that stood still makes one beat when it
 * goes on, not the many it missed, so that answers that wait to be read are not taken for lost.
 */
export class CallTable {
  readonly #pending = new Map<number, PendingCall>()
  readonly #patienceBeats: number
  #lastId = 0
  #beats = 0
  #bytes = 0

  constructor(patienceBeats: number) {
    this.#patienceBeats = patienceBeats
  }

  /** Bytes of the calls that wait. */
  get bytes(): number {
    return this.#bytes
  }

  nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  /** Waits for the answer to the call with this id. */
  wait(id: number, op: string, bytes: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { op, since: this.#beats, bytes, resolve, reject })
      this.#bytes += bytes
    })
  }

  resolve(id: number, value: unknown): void {
    this.#take(id)?.resolve(value)
  }

  reject(id: number, code: BusErrorCode, message: string): void {
    this.#take(id)?.reject(new BusError(code, message))
  }

  /** One beat of time. Rejects the calls that have waited for too long and says whether there were any. */
  beat(): boolean {
    this.#beats += 1
    let late = false
    for (const [id, { op, since }] of this.#pending) {
      if (this.#beats - since < this.#patienceBeats) break
      late = true
      // It is on its way to a primary that may yet carry it out.
      const code = op === 'append' || op === 'broadcast' || op === 'closeProducer' ? 'uncertain' : 'unavailable'
      this.reject(id, code, `the cluster primary did not answer ${op} in time`)
    }
    return late
  }

  rejectAll(code: BusErrorCode, message: string): void {
    for (const id of this.#pending.keys()) this.reject(id, code, message)
  }

  #take(id: number): PendingCall | undefined {
    const call = this.#pending.get(id)
    this.#pending.delete(id)
    this.#bytes -= call?.bytes ?? 0
    return call
  }
}
