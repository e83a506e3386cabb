import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { listOf, RespClient, textOf } from '../redis/resp-client.ts'
import { Child } from './child.ts'
import { RedisProcess } from './redis-process.ts'
import type { Store } from './store.ts'
import { freePort, pause, until } from './until.ts'

const MASTER = 'lab'
const DATA_NODES = 3
const SENTINELS = 3

/** One master, two replicas, three sentinels. */
export class SentinelTrio implements Store {
  readonly #redises: readonly RedisProcess[]
  readonly #sentinels: readonly { readonly port: number; readonly child: Child }[]

  private constructor(redises: readonly RedisProcess[], sentinels: readonly { port: number; child: Child }[]) {
    this.#redises = redises
    this.#sentinels = sentinels
  }

  static async start(directory: string): Promise<SentinelTrio> {
    const redises: RedisProcess[] = []
    for (let index = 0; index < DATA_NODES; index++) {
      const master = redises[0]
      const args = [
        '--repl-timeout',
        '10',
        ...(master === undefined ? [] : ['--replicaof', `127.0.0.1 ${master.port}`]),
      ]
      redises.push(await RedisProcess.start({ name: `redis-${index + 1}`, directory, persistence: 'none', args }))
    }
    const sentinels: { port: number; child: Child }[] = []
    for (let index = 0; index < SENTINELS; index++) {
      const port = await freePort()
      const file = join(directory, `sentinel-${index + 1}.conf`)
      await writeFile(file, sentinelConfig(port, { directory, master: redises[0]?.port ?? 0 }))
      const child = Child.spawn(`sentinel-${index + 1}`, ['redis-server', file, '--sentinel'])
      sentinels.push({ port, child })
    }
    const trio = new SentinelTrio(redises, sentinels)
    await trio.whole()
    return trio
  }

  busUrl(): string {
    return `redis+sentinel://${this.#sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${MASTER}`
  }

  async masters(): Promise<readonly number[]> {
    return [await this.master()]
  }

  /** The port that the sentinels name. */
  async master(): Promise<number> {
    for (const { port } of this.#sentinels) {
      const reply = await RespClient.once(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER).catch(() => null)
      const named = Number(textOf(listOf(reply)[1]))
      if (named > 0) return named
    }
    throw new Error('no sentinel names a master')
  }

  at(port: number): RedisProcess {
    return this.#redises.find((redis) => redis.port === port) as RedisProcess
  }

  replicasOf(master: number): readonly RedisProcess[] {
    return this.#redises.filter(({ port }) => port !== master)
  }

  /** Waits until the sentinels name another master. @returns When (ms since 1970). */
  async switched(from: number): Promise<number> {
    await until('the sentinels name another master', async () => (await this.master()) !== from, 30_000)
    return Date.now()
  }

  /** Starts a member that was killed, as a replica of whoever is the master now. */
  async rejoin(port: number): Promise<void> {
    await this.at(port).start(['--replicaof', `127.0.0.1 ${await this.master()}`])
  }

  /** Asks for a failover while everybody lives. */
  async failover(): Promise<void> {
    const ask = async (): Promise<boolean> => {
      const reply = await RespClient.once(this.#sentinels[0]?.port ?? 0, 'SENTINEL', 'FAILOVER', MASTER).catch(String)
      return textOf(reply as string) === 'OK'
    }
    await until('the sentinels take the order', ask, 20_000)
  }

  /** Waits until the master has two replicas that are in step, and all sentinels know them and each other. */
  async whole(): Promise<void> {
    await until(
      'the master has both replicas in step',
      async () => {
        const master = await this.master().catch(() => 0)
        if (master === 0 || !this.at(master).running) return false
        const info = textOf(await RespClient.once(master, 'INFO', 'replication').catch(() => ''))
        const inStep = info.match(/slave\d+:.*state=online.*lag=[01]\r/g)?.length ?? 0
        if (!info.includes('role:master') || inStep !== DATA_NODES - 1) return false
        return (await Promise.all(this.#sentinels.map(({ port }) => knowsAll(port)))).every(Boolean)
      },
      60_000,
    )
    await pause(500)
  }

  async close(): Promise<void> {
    await Promise.all(this.#sentinels.map(({ child }) => child.kill()))
    await Promise.all(this.#redises.map((redis) => redis.kill()))
  }
}

async function knowsAll(port: number): Promise<boolean> {
  const fields = listOf(await RespClient.once(port, 'SENTINEL', 'MASTER', MASTER).catch(() => null)).map(textOf)
  const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
  const replicas = listOf(await RespClient.once(port, 'SENTINEL', 'REPLICAS', MASTER).catch(() => null))
  const healthy = replicas.filter((replica) => {
    const texts = listOf(replica).map(textOf)
    return texts[texts.indexOf('flags') + 1] === 'slave'
  })
  return (
    field('flags') === 'master' &&
    Number(field('num-other-sentinels')) === SENTINELS - 1 &&
    healthy.length === DATA_NODES - 1
  )
}

function sentinelConfig(port: number, { directory, master }: { directory: string; master: number }): string {
  return `port ${port}
bind 127.0.0.1
dir ${directory}
sentinel monitor ${MASTER} 127.0.0.1 ${master} 2
sentinel down-after-milliseconds ${MASTER} 1000
sentinel failover-timeout ${MASTER} 5000
sentinel parallel-syncs ${MASTER} 2
`
}
