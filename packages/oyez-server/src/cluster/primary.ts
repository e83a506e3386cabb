import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { ServerConfig } from '../config/server-config.ts'
import type { DemoNode } from '../http/demo-routes.ts'
import type { Log } from '../log/log.ts'
import { UserError } from '../user-error.ts'
import { type PrimaryOrder, sealed, unsealed, type WorkerReport } from './order.ts'
import { RestartBackoff } from './restart-backoff.ts'

/** A worker that does not end within this time after its drain is killed. */
const KILL_AFTER_MS = 5_000
/** Lets the answer to a kill leave, in case the worker that passes it on is the one to die. */
const KILL_DELAY_MS = 50

/** One place for a worker: the name stays, the process may change. */
interface Slot {
  readonly name: string
  readonly backoff: RestartBackoff
  worker: Worker | undefined
  state: 'starting' | 'ready' | 'dead'
  bornAt: number
  connections: number
  timer: NodeJS.Timeout | undefined
}

/** Starts the workers, replaces those that die, and ends them. */
export class Primary {
  readonly #config: ServerConfig
  readonly #log: Log
  readonly #slots: readonly Slot[]
  #state: 'starting' | 'running' | 'ending' = 'starting'
  #settleStart: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined
  #onAllGone: (() => void) | undefined

  constructor(config: ServerConfig, log: Log) {
    this.#config = config
    this.#log = log
    this.#slots = Array.from({ length: config.workers }, (_, index) => ({
      name: `${config.name}-w${index + 1}`,
      backoff: new RestartBackoff(),
      worker: undefined,
      state: 'dead',
      bornAt: 0,
      connections: 0,
      timer: undefined,
    }))
  }

  /** Names of the nodes. */
  get names(): readonly string[] {
    return this.#slots.map(({ name }) => name)
  }

  /** Resolves when every worker is ready. @throws {UserError} when one cannot begin; the others are ended then. */
  async start(): Promise<void> {
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)),
      args: [],
      serialization: 'advanced',
    })
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settleStart = { resolve, reject }
        for (const slot of this.#slots) this.#fork(slot)
      })
      this.#state = 'running'
    } catch (error) {
      this.#state = 'ending'
      for (const slot of this.#slots) slot.worker?.process.kill('SIGKILL')
      await this.#allGone()
      throw error
    }
  }

  /** Lets every worker send its clients elsewhere, then ends it. */
  async drain(): Promise<void> {
    if (this.#state === 'ending') return this.#allGone()
    this.#state = 'ending'
    for (const slot of this.#slots) {
      clearTimeout(slot.timer)
      this.#say(slot, { type: 'drain' })
    }
    const timer = setTimeout(() => this.kill(), this.#config.drainMs + KILL_AFTER_MS)
    await this.#allGone()
    clearTimeout(timer)
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#state = 'ending'
    for (const slot of this.#slots) slot.worker?.process.kill('SIGKILL')
  }

  #fork(slot: Slot): void {
    const worker = cluster.fork()
    slot.worker = worker
    slot.state = 'starting'
    slot.bornAt = performance.now()
    slot.connections = 0
    worker.on('message', (message: unknown) => {
      const report = unsealed<WorkerReport>(message)
      if (report !== undefined) this.#onReport(slot, report)
    })
    // An order to a worker that has just died fails; its exit says all there is to say.
    worker.on('error', () => {})
    worker.on('exit', (code, signal) => this.#onExit(slot, signal ?? `code ${code}`))
  }

  #onReport(slot: Slot, report: WorkerReport): void {
    switch (report.type) {
      case 'hello':
        return this.#say(slot, { type: 'begin', name: slot.name, config: this.#config })
      case 'ready':
        return this.#onReady(slot)
      case 'failed':
        if (this.#state === 'starting') this.#settleStart?.reject(new UserError(report.message))
        // When all are ending, the first of them has said why: one line is enough.
        else if (this.#state === 'running') this.#log.warn(`${slot.name} cannot begin`, { reason: report.message })
        return
      case 'connections':
        slot.connections = report.count
        return
      case 'ask-nodes':
        return this.#say(slot, { type: 'nodes', id: report.id, nodes: this.#nodes() })
      case 'ask-kill':
        return this.#say(slot, { type: 'killed', id: report.id, found: this.#killOne(report.node) })
    }
  }

  #onReady(slot: Slot): void {
    slot.state = 'ready'
    if (this.#state === 'running') this.#log.info(`${slot.name} is back`, { pid: slot.worker?.process.pid ?? 0 })
    if (this.#slots.every(({ state }) => state === 'ready')) this.#settleStart?.resolve()
  }

  #onExit(slot: Slot, how: string): void {
    const pid = slot.worker?.process.pid ?? 0
    slot.worker = undefined
    slot.state = 'dead'
    if (this.#slots.every(({ worker }) => worker === undefined)) this.#onAllGone?.()
    if (this.#state === 'ending') return
    if (this.#state === 'starting') {
      // The first word counts: a worker that had told why it cannot begin has already rejected the start.
      this.#settleStart?.reject(new UserError(`${slot.name} died while it started (${how})`))
      return
    }
    const delay = slot.backoff.next(performance.now() - slot.bornAt)
    this.#log.warn(`${slot.name} died (${how}): another takes its place in ${delay} ms`, { pid })
    slot.timer = setTimeout(() => this.#fork(slot), delay)
  }

  #nodes(): DemoNode[] {
    return this.#slots.flatMap(({ name, state, worker, connections }) =>
      state === 'ready' && worker?.process.pid !== undefined ? [{ name, pid: worker.process.pid, connections }] : [],
    )
  }

  #killOne(name: string): boolean {
    const slot = this.#slots.find((candidate) => candidate.name === name && candidate.state === 'ready')
    const child = slot?.worker?.process
    if (child === undefined) return false
    setTimeout(() => child.kill('SIGKILL'), KILL_DELAY_MS)
    return true
  }

  #say({ worker }: Slot, order: PrimaryOrder): void {
    if (worker?.isConnected() === true) worker.send(sealed(order), () => {})
  }

  #allGone(): Promise<void> {
    if (this.#slots.every(({ worker }) => worker === undefined)) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onAllGone = resolve
    })
  }
}
