import { type ChildProcess, fork, spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'

/** Output that is kept for the words of an error. */
const TAIL_CHARS = 4_000

const alive = new Set<ChildProcess>()

/** Ends whatever still runs, by force. */
export function endAll(): void {
  for (const child of alive) child.kill('SIGKILL')
}

process.on('exit', endAll)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of the lab's own. None of them outlives the lab. */
export class Child {
  readonly name: string
  readonly process: ChildProcess
  readonly exit: Promise<Exit>
  #tail = ''

  private constructor(name: string, child: ChildProcess, log?: string) {
    this.name = name
    this.process = child
    alive.add(child)
    const keep = (chunk: Buffer): void => {
      this.#tail = (this.#tail + chunk.toString()).slice(-TAIL_CHARS)
      if (log !== undefined) appendFileSync(log, chunk)
    }
    child.stdout?.on('data', keep)
    child.stderr?.on('data', keep)
    child.on('error', (error) => keep(Buffer.from(String(error))))
    this.exit = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        alive.delete(child)
        resolve({ code, signal })
      })
    })
  }

  /** @param log - A file that gets all it prints. */
  static spawn(name: string, command: readonly [string, ...string[]], log?: string): Child {
    const [program, ...args] = command
    const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(OYEZ_|FORCE_COLOR)/.test(key)))
    return new Child(name, spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }), log)
  }

  /** A Node program that can be talked to. */
  static fork(name: string, command: readonly [string, ...string[]]): Child {
    const [program, ...args] = command
    return new Child(name, fork(program, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] }))
  }

  /** The last of what it printed. */
  get tail(): string {
    return this.#tail
  }

  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** Ends it like a power cut. */
  async kill(): Promise<void> {
    // SIGKILL ends a stopped process too.
    this.process.kill('SIGKILL')
    await this.exit
  }

  /** Asks it to end; by force when it does not within the time. */
  async stop(withinMs = 5_000): Promise<Exit> {
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), withinMs)
    const exit = await this.exit
    clearTimeout(timer)
    return exit
  }
}
