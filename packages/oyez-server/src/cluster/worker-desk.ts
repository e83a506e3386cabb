import type { DemoDesk, DemoNode } from '../http/demo-routes.ts'
import type { PrimaryOrder, WorkerReport } from './order.ts'

const ANSWER_MS = 2_000

type Answer = Extract<PrimaryOrder, { id: number }>

/** The demo desk of a worker: it asks the primary, which knows all workers. */
export class WorkerDesk implements DemoDesk {
  readonly #report: (report: WorkerReport) => void
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #lastId = 0

  constructor(report: (report: WorkerReport) => void) {
    this.#report = report
  }

  async nodes(): Promise<readonly DemoNode[]> {
    const answer = await this.#ask((id) => ({ type: 'ask-nodes', id }))
    return answer.type === 'nodes' ? answer.nodes : []
  }

  async kill(node: string): Promise<boolean> {
    const answer = await this.#ask((id) => ({ type: 'ask-kill', id, node }))
    return answer.type === 'killed' && answer.found
  }

  /** Takes an answer of the primary. */
  onAnswer(answer: Answer): void {
    this.#waiting.get(answer.id)?.(answer)
  }

  async #ask(question: (id: number) => WorkerReport): Promise<Answer> {
    this.#lastId += 1
    const id = this.#lastId
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<Answer>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error('the primary does not answer')), ANSWER_MS)
        this.#waiting.set(id, resolve)
        this.#report(question(id))
      })
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }
}
