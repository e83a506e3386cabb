import type { IncomingResult } from '../protocol/json-client-codec.ts'
import { ClientError } from './client-error.ts'

/**
 * Receives the answer of a command: a result, or why there is none. Called exactly once, and synchronously while the frame is read, so that
 * what stands behind the answer in the same frame finds its effects done.
 */
export type Answer = (outcome: IncomingResult | ClientError) => void

interface Request {
  readonly answer: Answer
  readonly timer: ReturnType<typeof setTimeout>
}

/** The commands that wait for an answer. */
export class RequestTable {
  readonly #requests = new Map<number, Request>()
  #lastId = 0

  /** Makes room for one answer and returns the id to send the command under. */
  add(timeoutMs: number, answer: Answer): number {
    const id = ++this.#lastId
    const timer = setTimeout(() => {
      this.settle(id, new ClientError('timeout', `no answer within ${timeoutMs} ms`, { temporary: true }))
    }, timeoutMs)
    this.#requests.set(id, { answer, timer })
    return id
  }

  /** Hands an answer to whoever waits for it; an unknown id is ignored, since answers may come after their time. */
  settle(id: number, outcome: IncomingResult | ClientError): void {
    const request = this.#requests.get(id)
    if (!request) return
    this.#requests.delete(id)
    clearTimeout(request.timer)
    request.answer(outcome)
  }

  /** Answers everything that waits with the error, in the order it was asked. */
  fail(error: ClientError): void {
    for (const id of [...this.#requests.keys()]) this.settle(id, error)
  }
}
