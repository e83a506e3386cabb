import { afterEach, expect, it } from 'vitest'
import { RedisServer } from '../../../oyez/test/fixture/redis-server.ts'
import { OyezNode } from '../fixture/oyez-node.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const USER = ['ACL', 'SETUSER', 'app', 'reset', 'on', '>hunter2', '~oyez:*', '&oyez:*', '+@all']

async function nodeOn(): Promise<{ redis: RedisServer; node: OyezNode }> {
  const redis = await RedisServer.start()
  ends.push(() => redis.cleanup())
  await redis.command(...USER)
  const node = await OyezNode.start({ bus: `redis://app:hunter2@127.0.0.1:${redis.port}` })
  ends.push(() => node.kill())
  return { redis, node }
}

async function ready(node: OyezNode): Promise<[number, unknown]> {
  const response = await fetch(`${node.url}/ready`)
  const { reason, trouble } = (await response.json()) as Record<string, unknown>
  return [response.status, reason ?? trouble]
}

const lines = (node: OyezNode, part: string): number => node.output.split(part).length - 1

it('after a password change /ready and the log name WRONGPASS, once, without host in /ready and without secrets', async () => {
  const { redis, node } = await nodeOn()
  await redis.command('ACL', 'SETUSER', 'app', 'resetpass', '>other')
  await redis.command('CLIENT', 'KILL', 'USER', 'app')
  await expect.poll(() => ready(node), { timeout: 15_000 }).toEqual([503, 'the bus is down: WRONGPASS'])
  await redis.command(...USER)
  await expect.poll(() => ready(node), { timeout: 15_000 }).toEqual([200, undefined])
  await expect.poll(() => lines(node, 'the bus is up again'), { timeout: 5_000 }).toBe(1)
  expect(lines(node, 'refuses the user name or password')).toBe(1)
  expect(node.output).not.toContain('hunter2')
})

it('a full Redis is one line when it begins, a word in /ready, and one line when it is over', async () => {
  const { redis, node } = await nodeOn()
  await redis.command('CONFIG', 'SET', 'maxmemory', '1')
  await expect.poll(() => ready(node), { timeout: 15_000 }).toEqual([200, 'the bus refuses to store: OOM'])
  for (let n = 0; n < 5; n++) {
    expect(await node.api('publish', { channel: 'room', data: n })).toMatchObject({ error: { code: 100 } })
  }
  await redis.command('CONFIG', 'SET', 'maxmemory', '0')
  await expect.poll(() => ready(node), { timeout: 15_000 }).toEqual([200, undefined])
  await expect.poll(() => lines(node, 'the bus stores again'), { timeout: 5_000 }).toBe(1)
  expect(lines(node, 'the bus refuses to store')).toBe(1)
})
