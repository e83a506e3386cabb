import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ActorOrder, ActorWord, PublisherOptions, SubscriberOptions } from '../actor/actor-messages.ts'
import { Child } from './child.ts'

type Answer = Extract<ActorWord, { answerTo: number }>

const ORDER_MS = 90_000

/** A process with publishers or subscribers in it. */
export class ActorProcess {
  readonly #child: Child
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #lastId = 0
  /** Acknowledgements of each publisher in each busy channel so far. */
  acked: readonly number[] = []
  sent = 0
  failed = 0
  delivered = 0
  /** Subscriptions that are live now. */
  live = 0
  breaks = 0

  private constructor(child: Child) {
    this.#child = child
    child.process.on('message', (word: ActorWord) => {
      if ('answerTo' in word) {
        this.#waiting.get(word.answerTo)?.(word)
        this.#waiting.delete(word.answerTo)
      } else Object.assign(this, word)
    })
  }

  static async start(
    kind: 'publisher' | 'subscriber',
    name: string,
    setup: { directory: string; options: PublisherOptions | SubscriberOptions },
  ): Promise<ActorProcess> {
    const path = join(setup.directory, `${name}.options.json`)
    await writeFile(path, JSON.stringify(setup.options))
    const program = fileURLToPath(new URL(`../actor/${kind}.js`, import.meta.url))
    return new ActorProcess(Child.fork(name, [program, path]))
  }

  get ended(): boolean {
    return this.#child.ended
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.signal(signal)
  }

  /** Tells it what to do; resolves with its answer. */
  ask(order: ActorOrder, withinMs = ORDER_MS): Promise<Answer> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        reject(new Error(`${this.#child.name} ${why} "${order.order}"; its last words: ${this.#child.tail}`))
      }
      const timer = setTimeout(() => fail(`did not answer within ${withinMs} ms to`), withinMs)
      void this.#child.exit.then(() => {
        if (this.#waiting.has(id)) fail('ended before it answered')
      })
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer)
        resolve(answer)
      })
      this.#child.process.send({ ...order, id }, (error) => {
        if (error !== null && this.#waiting.has(id)) fail('could not be told')
      })
    })
  }

  async finish(): Promise<void> {
    await this.ask({ order: 'finish' })
    await this.#child.exit
  }

  kill(): Promise<void> {
    return this.#child.kill()
  }
}
