import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { AnswerMessage, Orders } from './order.ts'

/** A child process that carries out orders; the other side is `answerOrders`. */
export class Child<O extends Orders<O>> {
  readonly #process: ChildProcess
  readonly #waiting = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }
  >()
  #lastId = 0
  #complaints = ''

  /** Forks a compiled file of this folder, named relative to `bench/dist/`. */
  constructor(
    file: string,
    options: { readonly args?: readonly string[]; readonly nodeFlags?: readonly string[] } = {},
  ) {
    this.#process = fork(fileURLToPath(new URL(`../${file}`, import.meta.url)), options.args ?? [], {
      execArgv: ['--expose-gc', ...(options.nodeFlags ?? [])],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      // A package of the tests brings native helpers that `ws` would use when it finds them; a user of oyez has none.
      env: { ...process.env, WS_NO_BUFFER_UTIL: '1' },
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2_000)
    })
    this.#process.on('message', (message) => this.#onAnswer(message as AnswerMessage))
    this.#process.on('exit', (code, signal) => {
      const error = new Error(`${file} ended (${signal ?? code})\n${this.#complaints}`)
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
  }

  /** @throws {Error} what the child says went wrong, or that it ended. */
  ask<K extends keyof O & string>(name: K, ...[argument]: Parameters<O[K]>): Promise<Awaited<ReturnType<O[K]>>> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#process.send({ id, name, argument }, (error) => {
        if (error) reject(error)
      })
    })
  }

  /** Ends the child without a word, the way a machine goes. */
  async kill(): Promise<void> {
    const gone = once(this.#process, 'exit')
    if (this.#process.kill('SIGKILL')) await gone
  }

  /** Ends the child: it leaves when its channel closes, and by force after three seconds. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 3_000)
    if (this.#process.connected) this.#process.disconnect()
    await gone
    clearTimeout(force)
  }

  #onAnswer({ id, answer, error }: AnswerMessage): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(answer)
    else waiting?.reject(new Error(error))
  }
}
