import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type RedisClientType } from '@redis/client'

/** A real Redis of our own: a free loopback port, nothing on disk, gone afterwards. */
export class Redis {
  readonly url: string
  readonly version: string
  readonly #process: ChildProcess
  readonly #client: RedisClientType
  readonly #folder: string

  private constructor(parts: {
    url: string
    version: string
    process: ChildProcess
    client: RedisClientType
    folder: string
  }) {
    this.url = parts.url
    this.version = parts.version
    this.#process = parts.process
    this.#client = parts.client
    this.#folder = parts.folder
  }

  /** @throws {Error} when `redis-server` is not installed or does not come up. */
  static async start(): Promise<Redis> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'oyez-bench-'))
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    // Also when the run is broken off: nothing of it stays.
    process.once('exit', () => {
      child.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    })
    await new Promise<void>((resolve, reject) => {
      child.once('error', () =>
        reject(new Error('redis-server cannot be started: install it (apt-get install redis-server)')),
      )
      child.once('exit', (code) => reject(new Error(`redis-server ended at once (${code})`)))
      child.stdout.on('data', (text: Buffer) => {
        if (text.includes('Ready to accept connections')) resolve()
      })
    })
    const url = `redis://127.0.0.1:${port}`
    const client = createClient({ url }) as RedisClientType
    client.on('error', () => {})
    await client.connect()
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown'
    return new Redis({ url, version, process: child, client, folder })
  }

  /** User and system time used so far, microseconds. */
  async cpuUs(): Promise<number> {
    const info = await this.#client.info('cpu')
    const seconds = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? Number.NaN)
    return Math.round((seconds('used_cpu_sys') + seconds('used_cpu_user')) * 1_000_000)
  }

  /** Bytes that clients wrote to it and read from it during some work. */
  async trafficOf(work: () => Promise<void>): Promise<{ readonly written: number; readonly read: number }> {
    const total = async (): Promise<readonly number[]> => {
      const info = await this.#client.info('stats')
      return ['total_net_input_bytes', 'total_net_output_bytes'].map((name) =>
        Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN),
      )
    }
    const [writtenBefore = 0, readBefore = 0] = await total()
    await work()
    const [writtenAfter = 0, readAfter = 0] = await total()
    return { written: writtenAfter - writtenBefore, read: readAfter - readBefore }
  }

  /** Hears everything that is published until the returned function is called, which tells how long the messages were. */
  async listen(): Promise<() => Promise<readonly number[]>> {
    const listener = this.#client.duplicate()
    listener.on('error', () => {})
    await listener.connect()
    const lengths: number[] = []
    await listener.pSubscribe('*', (message: Buffer) => lengths.push(message.length), true)
    return async () => {
      listener.destroy()
      return lengths
    }
  }

  /** Forgets everything, so that each program finds the same. */
  async empty(): Promise<void> {
    await this.#client.flushAll()
  }

  async close(): Promise<void> {
    this.#client.destroy()
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
