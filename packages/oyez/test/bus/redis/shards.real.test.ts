import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { busChecks } from '../../../src/testing/bus-conformance.ts'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { RedisNode } from './redis-node.ts'

const ROOMS = Array.from({ length: 30 }, (_, n) => `room-${n}`)

let servers: RedisServer[]
const nodes: RedisNode[] = []

beforeAll(async () => {
  servers = await Promise.all([1, 2, 3].map(() => RedisServer.start()))
})
afterAll(() => Promise.all(servers.map((server) => server.cleanup())))
afterEach(() => Promise.all(nodes.splice(0).map(({ bus }) => bus.close())))

async function start(urls = servers.map(({ url }) => url)): Promise<RedisNode> {
  const node = await RedisNode.start({ shards: urls.map((url) => ({ url })) })
  nodes.push(node)
  return node
}

async function has(server: RedisServer, room: string): Promise<boolean> {
  return (await server.command('EXISTS', `oyez:{${room}}:s`)) === ':1'
}

describe('RedisBus over several independent Redis keeps the bus contract', () => {
  for (const routing of ['interest', 'broadcast'] as const) {
    for (const check of busChecks) {
      it(`${routing}: ${check.name}`, () =>
        check.run(() => ({
          connect: () => new RedisBus({ shards: servers.map(({ url }) => ({ url })), routing, prefix: routing }),
        })))
    }
  }
})

describe('several independent Redis', () => {
  it('have each channel once, wherever the list begins', async () => {
    const [one, two] = [await start(), await start(servers.map(({ url }) => url).toReversed())]
    for (const room of ROOMS) await one.store(room, 'a')
    const places = await Promise.all(ROOMS.map((room) => Promise.all(servers.map((server) => has(server, room)))))
    for (const place of places) expect(place.filter(Boolean)).toHaveLength(1)
    for (const n of [0, 1, 2]) expect(places.filter((place) => place[n]).length).toBeGreaterThan(0)
    for (const room of ROOMS) expect(await two.texts(room)).toEqual(['a'])
    const heads = await two.bus.heads([...ROOMS, 'nobody'])
    expect(heads.map((head) => head?.offset)).toEqual([...ROOMS.map(() => 1), undefined])
  })

  it('are down when one is, which is named; the channels of the others go on, and only its own have a gap', async () => {
    const node = await start()
    await node.bus.subscribe(ROOMS)
    const [victim] = servers as [RedisServer]
    for (const room of ROOMS) await node.store(room, 'a')
    const own: string[] = []
    for (const room of ROOMS) if (await has(victim, room)) own.push(room)
    const said = node.statuses.length
    await victim.kill()
    await node.says('down', said, 4_500)
    expect(node.statuses[said]).toMatchObject({
      error: { message: expect.stringContaining(`127.0.0.1:${victim.port}`) as string },
    })
    for (const room of ROOMS) {
      if (own.includes(room)) await expect(node.store(room, 'b')).rejects.toMatchObject({ code: 'unavailable' })
      else await node.store(room, 'b')
    }
    await victim.restart()
    await node.says('up', said)
    await node.says('gap', said)
    const gaps = node.statuses.slice(said).flatMap((status) => (status.state === 'gap' ? [status.channels] : []))
    expect(gaps.map((channels) => channels?.toSorted())).toEqual([own.toSorted()])
    await waitFor(async () => (await node.bus.confirm(own[0] ?? '')) === true)
  })

  it('are all needed at the start, and the one that is missing is named', async () => {
    const urls = servers.map(({ url }) => url)
    await expect(start([...urls, 'redis://127.0.0.1:1'])).rejects.toThrow(
      'Redis at 127.0.0.1:1 cannot be reached: connection refused',
    )
  })

  it('take back what they subscribed when one of them cannot', async () => {
    const node = await start()
    const [victim] = servers as [RedisServer]
    victim.freeze()
    await expect(node.bus.subscribe(ROOMS)).rejects.toMatchObject({ code: 'unavailable' })
    victim.thaw()
    for (const server of servers) {
      await waitFor(async () => !(await server.command('PUBSUB', 'CHANNELS')).includes('{room-'))
    }
  })
})
