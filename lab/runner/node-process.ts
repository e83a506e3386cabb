import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, type Exit } from './child.ts'
import { until } from './until.ts'

const CLI = fileURLToPath(new URL('../../../packages/oyez-server/dist/cli.js', import.meta.url))
const LAB_NODE = fileURLToPath(new URL('../program/lab-node.js', import.meta.url))

const STARTS = 5

export interface NodeSetup {
  readonly name: string
  readonly port: number
  readonly bus: string
  readonly config: string
  readonly workers?: number | undefined
  /** A node program of the lab with this fault planted, instead of the real server. */
  readonly mutant?: string | undefined
  readonly historySize: number
}

/** What a node says about itself. */
export type NodeInfo = Readonly<Record<string, unknown>>

/** A real node: `oyez serve` in a process of its own. */
export class NodeProcess {
  readonly setup: NodeSetup
  #child: Child | undefined

  constructor(setup: NodeSetup) {
    this.setup = setup
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Starts it, and like any supervisor again when it ends at once: on a busy machine a node may give its broker up as too slow. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#start()
      } catch (error) {
        await this.kill()
        if (attempt === STARTS) throw error
      }
    }
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    await child?.kill()
  }

  /** Asks it to send its clients elsewhere and end. */
  async drain(): Promise<Exit> {
    const child = this.#child
    this.#child = undefined
    return (await child?.stop(20_000)) ?? { code: null, signal: null }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.signal(signal)
  }

  /** Whether it says that it is ready; a node that cannot be reached is not. */
  async ready(): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.setup.port}/ready`, { signal: AbortSignal.timeout(2_000) })
      await response.arrayBuffer()
      return response.status === 200
    } catch {
      return false
    }
  }

  async info(): Promise<NodeInfo> {
    return (await this.api('info', {})) as NodeInfo
  }

  async api(method: string, body: object): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.setup.port}/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    const answer = (await response.json()) as { result?: unknown; error?: unknown }
    if (answer.result === undefined)
      throw new Error(`${this.setup.name} /api/${method}: ${JSON.stringify(answer.error)}`)
    return answer.result
  }

  async #start(): Promise<void> {
    const { name, config } = this.setup
    const child = Child.spawn(name, this.#command(), `${dirname(config)}/${name}.log`)
    this.#child = child
    await until(
      `${name} is ready`,
      () => {
        if (child.ended) throw new Error(`${name} ended: ${child.tail}`)
        return this.ready()
      },
      30_000,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; its last words: ${child.tail}`)
    })
  }

  #command(): [string, ...string[]] {
    const { name, port, bus, config, workers, mutant, historySize } = this.setup
    if (mutant !== undefined) {
      return [process.execPath, LAB_NODE, JSON.stringify({ name, port, bus, mutant, historySize })]
    }
    const serve = ['serve', '--dev', '--port', String(port), '--name', name, '--bus', bus, '--config', config]
    return [process.execPath, CLI, ...serve, ...(workers === undefined ? [] : ['--workers', String(workers)])]
  }
}
