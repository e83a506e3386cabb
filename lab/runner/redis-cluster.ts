import { LogReader } from '../redis/log-reader.ts'
import { listOf, RespClient, textOf } from '../redis/resp-client.ts'
import { Child } from './child.ts'
import { RedisProcess } from './redis-process.ts'
import type { Store } from './store.ts'
import { freeClusterPort, until } from './until.ts'

const MEMBERS = 6

/** One member of the cluster, as its neighbours see it. */
export interface Member {
  readonly id: string
  readonly port: number
  readonly isMaster: boolean
  /** For a replica: the id of its master. */
  readonly masterId: string
  readonly slots: readonly (readonly [from: number, to: number])[]
}

/** Three masters with a replica each. */
export class RedisCluster implements Store {
  readonly #redises: readonly RedisProcess[]

  private constructor(redises: readonly RedisProcess[]) {
    this.#redises = redises
  }

  static async start(directory: string): Promise<RedisCluster> {
    const redises: RedisProcess[] = []
    for (let index = 0; index < MEMBERS; index++) {
      const name = `redis-${index + 1}`
      const args = ['--cluster-enabled', 'yes', '--cluster-config-file', `${directory}/${name}.nodes`]
      args.push('--cluster-node-timeout', '1500', '--cluster-replica-validity-factor', '0', '--repl-timeout', '10')
      redises.push(
        await RedisProcess.start({ name, directory, persistence: 'none', port: await freeClusterPort(), args }),
      )
    }
    const hosts = redises.map(({ port }) => `127.0.0.1:${port}`)
    const create = Child.spawn('redis-cli', [
      'redis-cli',
      '--cluster',
      'create',
      ...hosts,
      '--cluster-replicas',
      '1',
      '--cluster-yes',
    ])
    const { code } = await create.exit
    if (code !== 0) throw new Error(`no cluster: ${create.tail}`)
    const cluster = new RedisCluster(redises)
    await cluster.whole()
    return cluster
  }

  busUrl(): string {
    return `redis+cluster://${this.#redises.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  async masters(): Promise<readonly number[]> {
    return (await this.members()).filter(({ isMaster, slots }) => isMaster && slots.length > 0).map(({ port }) => port)
  }

  at(port: number): RedisProcess {
    return this.#redises.find((redis) => redis.port === port) as RedisProcess
  }

  /** The members that live, as the first of them says. */
  async members(): Promise<readonly Member[]> {
    for (const redis of this.#redises) {
      if (!redis.running) continue
      const text = textOf(await redis.command('CLUSTER', 'NODES').catch(() => ''))
      if (text === '') continue
      return text
        .trim()
        .split('\n')
        .map(memberOf)
        .filter((member) => member !== undefined)
    }
    throw new Error('no member of the cluster answers')
  }

  /** Waits until all members agree, every slot has a master, and every master a replica in step. */
  async whole(): Promise<void> {
    await until(
      'the cluster is whole',
      async () => {
        const views = await Promise.all(this.#redises.map((redis) => viewOf(redis)))
        if (new Set(views).size !== 1 || views[0] === '') return false
        const members = await this.members()
        const masters = members.filter(({ isMaster }) => isMaster)
        if (masters.length !== MEMBERS / 2 || members.length !== MEMBERS) return false
        const infos = await Promise.all(
          masters.map(({ port }) => RespClient.once(port, 'INFO', 'replication').catch(() => '')),
        )
        return infos.every((info) => /slave0:.*state=online.*lag=[01]\r/.test(textOf(info)))
      },
      60_000,
    )
  }

  /** The slots that these channels live in. */
  async slotsOf(channels: readonly string[]): Promise<readonly number[]> {
    const reader = await LogReader.open(await this.masters())
    const slots = new Set<number>()
    for (const channel of channels) {
      const keys = await reader.keys(channel)
      if (keys !== undefined) slots.add(Number(await keys.client.call('CLUSTER', 'KEYSLOT', keys.log)))
    }
    reader.close()
    return [...slots]
  }

  /** Moves a slot with everything in it, the way operators do it. */
  async moveSlot(slot: number, toPort: number): Promise<boolean> {
    const members = await this.members()
    const source = members.find(({ slots }) => slots.some(([from, to]) => from <= slot && slot <= to))
    const target = members.find(({ port }) => port === toPort)
    if (source === undefined || target === undefined || source.id === target.id) return false
    const from = await RespClient.open(source.port)
    const to = await RespClient.open(target.port)
    try {
      await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', source.id)
      await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', target.id)
      for (;;) {
        const keys = listOf(await from.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)).map(textOf)
        if (keys.length === 0) break
        await from.call('MIGRATE', '127.0.0.1', target.port, '', 0, 5_000, 'KEYS', ...keys)
      }
      await to.call('CLUSTER', 'SETSLOT', slot, 'NODE', target.id)
      await from.call('CLUSTER', 'SETSLOT', slot, 'NODE', target.id)
    } finally {
      from.close()
      to.close()
    }
    for (const { isMaster, port } of members) {
      if (isMaster) await RespClient.once(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', target.id).catch(() => undefined)
    }
    await this.#agreed(members.filter(({ isMaster }) => isMaster).map(({ port }) => port))
    return true
  }

  /**
   * Waits until these masters agree on who has what, and since which epoch. Redis decides nothing by itself when a slot is moved by hand: a member that gets a
   * slot before it has heard of the one before it would take an older claim for a newer one, and delete what it was given.
   */
  async #agreed(ports: readonly number[]): Promise<void> {
    await until(
      'the masters agree on the slots',
      async () => {
        const texts = await Promise.all(ports.map((port) => RespClient.once(port, 'CLUSTER', 'NODES')))
        return new Set(texts.map((text) => claimsOf(textOf(text)))).size === 1
      },
      10_000,
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#redises.map((redis) => redis.kill()))
  }
}

/** Who owns what, as one member sees it; empty when it sees trouble. */
async function viewOf(redis: RedisProcess): Promise<string> {
  const info = textOf(await redis.command('CLUSTER', 'INFO').catch(() => ''))
  if (!info.includes('cluster_state:ok') || !info.includes('cluster_slots_ok:16384')) return ''
  const text = textOf(await redis.command('CLUSTER', 'NODES').catch(() => ''))
  if (/fail|handshake|noaddr/.test(text)) return ''
  const members = text.trim().split('\n').map(memberOf)
  return JSON.stringify(members.sort((a, b) => (a?.id ?? '').localeCompare(b?.id ?? '')))
}

/** Which master claims what, under which epoch, in CLUSTER NODES. */
function claimsOf(text: string): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const masters = lines.filter(([, , flags = '']) => flags.includes('master') && !flags.includes('fail'))
  return masters
    .map(([id = '', , , , , , epoch = '', , ...slots]) =>
      [id, epoch, ...slots.filter((range) => !range.startsWith('['))].join(' '),
    )
    .sort()
    .join('\n')
}

/** One line of CLUSTER NODES; `undefined` for a member that has failed. */
function memberOf(line: string): Member | undefined {
  const [id = '', address = '', flags = '', masterId = '', , , , , ...ranges] = line.split(' ')
  if (/fail|noaddr|handshake/.test(flags)) return undefined
  const slots = ranges
    .filter((range) => /^\d/.test(range))
    .map((range) => range.split('-').map(Number))
    .map(([from = 0, to = from]): [number, number] => [from, to])
  return { id, port: Number(/:(\d+)@/.exec(address)?.[1] ?? 0), isMaster: flags.includes('master'), masterId, slots }
}
