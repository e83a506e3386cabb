import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Reply, RespClient, textOf } from '../redis/resp-client.ts'
import { Child } from './child.ts'
import { freePort, until } from './until.ts'

/** How much of its memory a Redis keeps on disk: nothing, snapshots that the lab makes, or every write before it is answered. */
export type Persistence = 'none' | 'rdb' | 'aof'

export interface RedisSetup {
  readonly name: string
  readonly directory: string
  readonly port?: number
  readonly persistence: Persistence
  readonly args?: readonly string[]
}

/** A real redis-server. */
export class RedisProcess {
  readonly port: number
  readonly #setup: RedisSetup
  #child: Child | undefined

  private constructor(port: number, setup: RedisSetup) {
    this.port = port
    this.#setup = setup
  }

  static async start(setup: RedisSetup): Promise<RedisProcess> {
    const redis = new RedisProcess(setup.port ?? (await freePort()), setup)
    await redis.start()
    return redis
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  /**
   * Starts it, with what is on its disk.
   *
   * @param more - Arguments for this start, which outweigh those of the setup.
   */
  async start(more: readonly string[] = []): Promise<void> {
    const { name, directory, persistence, args = [] } = this.#setup
    const disk = ['--dir', directory, '--dbfilename', `${name}.rdb`, '--appenddirname', `${name}.aof`, '--save', '']
    disk.push('--appendonly', persistence === 'aof' ? 'yes' : 'no', '--appendfsync', 'always')
    const listen = ['--port', String(this.port), '--bind', '127.0.0.1']
    const child = Child.spawn(name, [
      'redis-server',
      ...listen,
      ...disk,
      '--repl-diskless-sync-delay',
      '0',
      ...args,
      ...more,
    ])
    this.#child = child
    await until(`${name} answers`, async () => {
      if (child.ended) throw new Error(`${name} ended: ${child.tail}`)
      return textOf(await this.command('PING').catch(() => '')) === 'PONG'
    })
  }

  /** A power cut. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    await child?.kill()
  }

  /** Removes everything it has on disk. */
  async wipe(): Promise<void> {
    const { name, directory } = this.#setup
    await rm(join(directory, `${name}.rdb`), { force: true })
    await rm(join(directory, `${name}.aof`), { force: true, recursive: true })
  }

  /** Writes a snapshot and keeps it aside. */
  async snapshot(): Promise<void> {
    await this.command('SAVE')
    await copyFile(this.#file('rdb'), this.#file('kept'))
  }

  /** The kept snapshot will be what is loaded at the next start. */
  async restoreSnapshot(): Promise<void> {
    await copyFile(this.#file('kept'), this.#file('rdb'))
  }

  freeze(): void {
    this.#child?.signal('SIGSTOP')
  }

  thaw(): void {
    this.#child?.signal('SIGCONT')
  }

  command(...command: readonly (string | number)[]): Promise<Reply> {
    return RespClient.once(this.port, ...command)
  }

  #file(ending: string): string {
    return join(this.#setup.directory, `${this.#setup.name}.${ending}`)
  }
}
