import { createHash } from 'node:crypto'
import type { RedisArgument, RedisClientType } from '@redis/client'
import { errorWord } from './redis-error-table.ts'

export interface Script {
  readonly source: string
  readonly sha: string
}

export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

type SendOptions = Parameters<RedisClientType['sendCommand']>[1]

export interface ScriptCall {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly RedisArgument[]
  readonly options?: SendOptions
}

/**
 * Runs scripts over one connection by their digest, and loads them again when Redis has forgotten them (SCRIPT FLUSH), without changing the order of
 * the calls: the answers of one connection come in order, so by the time the load is answered, every call that met the empty cache is known.
 */
export class ScriptRunner {
  readonly #client: RedisClientType
  readonly #scripts: readonly Script[]
  #reloading = false
  /** Calls that were answered with NOSCRIPT: they come before the ones that were made meanwhile. */
  #refused: ((error?: unknown) => void)[] = []
  #held: ((error?: unknown) => void)[] = []

  constructor(client: RedisClientType, scripts: readonly Script[]) {
    this.#client = client
    this.#scripts = scripts
  }

  async load(): Promise<void> {
    await Promise.all(this.#scripts.map(({ source }) => this.#client.sendCommand(['SCRIPT', 'LOAD', source])))
  }

  async run(call: ScriptCall): Promise<unknown> {
    const rest = [String(call.keys.length), ...call.keys, ...call.args]
    if (this.#reloading) await new Promise<void>((resolve, reject) => this.#held.push(settle(resolve, reject)))
    try {
      return await this.#client.sendCommand<unknown>(['EVALSHA', call.script.sha, ...rest], call.options)
    } catch (error) {
      if (errorWord(error) !== 'NOSCRIPT') throw error
      const loaded = new Promise<void>((resolve, reject) => this.#refused.push(settle(resolve, reject)))
      if (!this.#reloading) this.#reload()
      await loaded
    }
    // With its source, so that it does not matter when the scripts are flushed yet again.
    return this.#client.sendCommand<unknown>(['EVAL', call.script.source, ...rest], call.options)
  }

  #reload(): void {
    this.#reloading = true
    this.load().then(
      // One turn of the event loop later, so that every answer that came before this one has been looked at.
      () => setImmediate(() => this.#release()),
      (error: unknown) => this.#release(error),
    )
  }

  #release(error?: unknown): void {
    const waiting = [...this.#refused, ...this.#held]
    this.#refused = []
    this.#held = []
    this.#reloading = false
    for (const go of waiting) go(error)
  }
}

function settle(resolve: () => void, reject: (error: unknown) => void): (error?: unknown) => void {
  return (error) => (error === undefined ? resolve() : reject(error))
}
