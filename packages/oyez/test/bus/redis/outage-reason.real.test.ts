import { createClient } from '@redis/client'
import { afterEach, describe, expect, it } from 'vitest'
import { BusError } from '../../../src/bus/bus-error.ts'
import type { RedisBusOptions } from '../../../src/bus/redis/index.ts'
import { RedisClusterServers } from '../../fixture/redis-cluster.ts'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { SentinelTrio } from '../../fixture/sentinel-trio.ts'
import { RedisNode } from './redis-node.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const USER = ['ACL', 'SETUSER', 'app', 'reset', 'on', '>pw', '~oyez:*', '&oyez:*', '+@all']
const LOGIN = { username: 'app', password: 'pw' }

async function node(options: RedisBusOptions): Promise<RedisNode> {
  const started = await RedisNode.start(options)
  ends.push(() => started.bus.close())
  return started
}

async function server(options: Parameters<typeof RedisServer.start>[0] = {}): Promise<RedisServer> {
  const started = await RedisServer.start(options)
  ends.push(() => started.cleanup())
  return started
}

/** The reasons of the outages and refusals so far, in their order. */
function reasons(of: RedisNode): (string | undefined)[] {
  return of.statuses.flatMap((status) =>
    'error' in status ? [status.error instanceof BusError ? status.error.reason : 'no BusError'] : [],
  )
}

async function reasonBecomes(of: RedisNode, reason: string): Promise<void> {
  await waitFor(() => reasons(of).at(-1)?.split(', ').at(-1) === reason).catch(() => {
    throw new Error(`the reasons were ${JSON.stringify(reasons(of))}`)
  })
}

describe('the last status names the present reason of an outage', () => {
  it('of a password that was changed, and it is up again when the password is back', async () => {
    const redis = await server()
    await redis.command(...USER)
    const bus = await node({ url: redis.url, ...LOGIN })
    await redis.command('ACL', 'SETUSER', 'app', 'resetpass', '>other')
    await redis.command('CLIENT', 'KILL', 'USER', 'app')
    await reasonBecomes(bus, 'WRONGPASS')
    // Said when it changes, not with each attempt.
    expect(reasons(bus).filter((reason) => reason === 'WRONGPASS')).toHaveLength(1)
    await redis.command(...USER)
    await bus.says('up', bus.states.lastIndexOf('down'))
    expect(bus.states.at(-1)).not.toBe('down')
  })

  it('of a Redis with too many clients', async () => {
    const redis = await server()
    const admin = createClient({ url: redis.url })
    await admin.connect()
    ends.push(async () => admin.destroy())
    const bus = await node({ url: redis.url })
    await admin.sendCommand(['CONFIG', 'SET', 'maxclients', '1'])
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await reasonBecomes(bus, 'max number of clients')
    await admin.sendCommand(['CONFIG', 'SET', 'maxclients', '100'])
    await bus.says('up', bus.states.lastIndexOf('down'))
  })

  it('of a Redis that is not there, and then loads its data', async () => {
    const slowly = ['--key-load-delay', '30000', '--loading-process-events-interval-bytes', '1024']
    const redis = await server({ appendOnly: true, args: slowly })
    const bus = await node({ url: redis.url })
    for (let n = 0; n < 30; n++) await bus.store(`room:${n}`, 'x'.repeat(2_000))
    await redis.command('BGREWRITEAOF')
    await waitFor(async () => /aof_rewrite_in_progress:0/.test(await redis.command('INFO', 'persistence')))
    await redis.kill()
    await reasonBecomes(bus, 'connection refused')
    const restarted = redis.restart()
    await reasonBecomes(bus, 'LOADING')
    await restarted
    await bus.says('up', bus.states.lastIndexOf('down'))
    expect(reasons(bus).slice(-2)).toEqual(['connection refused', 'LOADING'])
  })

  it('of a right that is missing at the next connection', async () => {
    const redis = await server()
    await redis.command(...USER)
    const bus = await node({ url: redis.url, ...LOGIN })
    await redis.command('ACL', 'SETUSER', 'app', '-script|load')
    await redis.command('CLIENT', 'KILL', 'USER', 'app')
    await reasonBecomes(bus, 'NOPERM')
    await redis.command(...USER)
    await bus.says('up', bus.states.lastIndexOf('down'))
  })

  it('of the Redis behind sentinels', async () => {
    const trio = await SentinelTrio.start()
    ends.push(() => trio.cleanup())
    for (const one of trio.servers) await one.command(...USER)
    const bus = await node({ url: trio.url, ...LOGIN })
    const master = await trio.master()
    for (const one of trio.servers) await one.command('ACL', 'SETUSER', 'app', 'resetpass', '>other')
    await master.command('CLIENT', 'KILL', 'USER', 'app')
    await reasonBecomes(bus, 'WRONGPASS')
    for (const one of trio.servers) await one.command(...USER)
    await bus.says('up', bus.states.lastIndexOf('down'))
  })

  it('of one master of a Cluster', async () => {
    const cluster = await RedisClusterServers.start({ masters: 3 })
    ends.push(() => cluster.cleanup())
    for (const one of cluster.servers) await one.command(...USER)
    const bus = await node({ cluster: { nodes: [`127.0.0.1:${cluster.servers[0]?.port}`] }, ...LOGIN })
    const [, second] = cluster.servers
    await second?.command('ACL', 'SETUSER', 'app', 'resetpass', '>other')
    await second?.command('CLIENT', 'KILL', 'USER', 'app')
    await reasonBecomes(bus, 'WRONGPASS')
    await second?.command(...USER)
    await bus.says('up', bus.states.lastIndexOf('down'))
  })
})

describe('a Redis that refuses writes is "refusing" once, also without traffic, and then "up"', () => {
  const faults: [string, (redis: RedisServer) => Promise<unknown>, (redis: RedisServer) => Promise<unknown>][] = [
    [
      'OOM',
      (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
      (redis) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    ],
    [
      'NOREPLICAS',
      (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '1'),
      (redis) => redis.command('CONFIG', 'SET', 'min-replicas-to-write', '0'),
    ],
    ['NOPERM', (redis) => redis.command('ACL', 'SETUSER', 'app', '-xadd'), (redis) => redis.command(...USER)],
  ]
  it.each(faults)('%s', async (word, begin, end) => {
    const redis = await server()
    await redis.command(...USER)
    const bus = await node({ url: redis.url, ...LOGIN })
    const held = await bus.store('room', 'before')
    await begin(redis)
    await bus.says('refusing')
    for (let n = 0; n < 3; n++) {
      await expect(bus.store('room', 'no')).rejects.toMatchObject({ code: 'refused', reason: word })
    }
    expect(await bus.texts('room', { after: { ...held, offset: 0 } })).toEqual(['before'])
    await end(redis)
    await bus.says('up', bus.states.indexOf('refusing'))
    await bus.store('room', 'after')
    expect(bus.states).toEqual(['up', 'refusing', 'up'])
    expect(reasons(bus)).toEqual([word])
  })

  it('MISCONF', async () => {
    const redis = await server({ args: ['--save', '3600 1000000'] })
    const bus = await node({ url: redis.url })
    await bus.store('room', 'before')
    await redis.breakDisk()
    await bus.says('refusing')
    expect(reasons(bus)).toEqual(['MISCONF'])
    await redis.mendDisk()
    await bus.says('up', bus.states.indexOf('refusing'))
    expect(bus.states).toEqual(['up', 'refusing', 'up'])
  })

  it('when a right that only publications need is taken away', async () => {
    const redis = await server()
    await redis.command(...USER)
    const bus = await node({ url: redis.url, ...LOGIN })
    await redis.command('ACL', 'SETUSER', 'app', '-hset')
    await expect(bus.store('room', 'no')).rejects.toMatchObject({ code: 'refused', reason: 'NOPERM' })
    expect(bus.states).toEqual(['up', 'refusing'])
    await redis.command(...USER)
    await bus.says('up', 1)
    expect(bus.states).toEqual(['up', 'refusing', 'up'])
  })

  it('when the right to publish hints is taken away, and the connections stay', async () => {
    const redis = await server()
    await redis.command(...USER)
    const bus = await node({ url: redis.url, ...LOGIN })
    await redis.command('ACL', 'SETUSER', 'app', '-publish')
    await bus.says('refusing')
    await redis.command(...USER)
    await bus.says('up', 1)
    expect(bus.states).toEqual(['up', 'refusing', 'up'])
    expect(bus.bus.stats().reconnects).toBe(0)
  })

  it('on one master of a Cluster', async () => {
    const cluster = await RedisClusterServers.start({ masters: 3 })
    ends.push(() => cluster.cleanup())
    const bus = await node({ cluster: { nodes: [`127.0.0.1:${cluster.servers[0]?.port}`] } })
    const [, second] = cluster.servers
    await second?.command('CONFIG', 'SET', 'maxmemory', '1')
    await bus.says('refusing')
    expect(reasons(bus)).toEqual(['OOM'])
    await second?.command('CONFIG', 'SET', 'maxmemory', '0')
    await bus.says('up', bus.states.indexOf('refusing'))
  })
})
