import { ClientError } from './client-error.ts'
import { MAX_TIMER_MS } from './options.ts'

/** Receives a result, or why there is none. Called exactly once, at once when the outcome is known. */
export type Answer<Result> = (outcome: Result | ClientError) => void

interface Request<Result> {
  readonly answer: Answer<Result>
  readonly timer: ReturnType<typeof setTimeout>
}

/**
 * Those who wait for an answer, by id. Answers are handed over synchronously while a frame is read, so that what stands behind an answer in
 * the same frame finds its effects done.
 */
export class RequestTable<Result> {
  readonly #requests = new Map<number, Request<Result>>()
  #lastId = 0

  /** Makes room for one answer and returns its id. Without an answer in time the outcome is a `timeout`. */
  add(timeoutMs: number, answer: Answer<Result>): number {
    const id = ++this.#lastId
    const timer = setTimeout(
      () => {
        this.settle(id, new ClientError('timeout', 'timeout'))
      },
      Math.min(timeoutMs, MAX_TIMER_MS),
    )
    this.#requests.set(id, { answer, timer })
    return id
  }

  /** Hands an outcome to whoever waits for it; an unknown id is ignored, since answers may come after their time. */
  settle(id: number, outcome: Result | ClientError): void {
    const request = this.#requests.get(id)
    if (!request) return
    this.#requests.delete(id)
    clearTimeout(request.timer)
    request.answer(outcome)
  }

  /** Hands the outcome to all who wait, in the order they came. */
  settleAll(outcome: Result | ClientError): void {
    for (const id of this.#requests.keys()) this.settle(id, outcome)
  }
}
