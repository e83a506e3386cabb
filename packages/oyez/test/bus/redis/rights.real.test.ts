import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { busChecks } from '../../../src/testing/bus-conformance.ts'
import { RedisClusterServers } from '../../fixture/redis-cluster.ts'
import { RedisServer } from '../../fixture/redis-server.ts'
import { valkeyProgram } from '../../fixture/valkey.ts'

/** The rules that the documentation gives, word for word. */
function documented(section: string): string[] {
  const text = readFileSync(new URL('../../../../../SECURITY.md', import.meta.url), 'utf8')
  const rules = new RegExp(`ACL SETUSER ${section} ([^\`]*)\`\`\``).exec(text)?.[1]
  if (rules === undefined) throw new Error(`SECURITY.md has no ACL SETUSER ${section}`)
  return rules.replaceAll('\\\n', ' ').trim().split(/\s+/)
}

const login = { username: 'oyez', password: 'secret' }
const rules = documented('oyez')
const clusterRules = documented('oyez-cluster')

describe('with the documented rights and no other', () => {
  let server: RedisServer

  beforeAll(async () => {
    server = await RedisServer.start()
    expect(await server.command('ACL', 'SETUSER', 'oyez', 'reset', ...rules, '>secret')).toBe('+OK')
  })
  afterAll(() => server.cleanup())

  for (const routing of ['interest', 'broadcast'] as const) {
    for (const check of busChecks) {
      it(`${routing}: ${check.name}`, () =>
        check.run(() => ({ connect: () => new RedisBus({ url: server.url, ...login, routing }) })))
    }
  }
})

describe('in a Cluster, with the documented rights and no other', () => {
  let cluster: RedisClusterServers

  beforeAll(async () => {
    cluster = await RedisClusterServers.start()
    for (const master of cluster.masters) {
      expect(await master.command('ACL', 'SETUSER', 'oyez', 'reset', ...clusterRules, '>secret')).toBe('+OK')
    }
  })
  afterAll(() => cluster.cleanup())

  for (const check of busChecks) {
    it(check.name, () => check.run(() => ({ connect: () => new RedisBus({ url: cluster.url, ...login }) })))
  }
})

const valkey = valkeyProgram()
const servers = [
  { name: 'the installed Redis', program: 'redis-server', reason: undefined },
  { name: 'Valkey 9', program: valkey.program ?? '', reason: valkey.missing },
]

describe.each(servers)('on $name, what is missing is told at the start, all of it', ({ program, reason }) => {
  let server: RedisServer | undefined

  beforeAll(async () => {
    if (reason === undefined) server = await RedisServer.start({ program })
  })
  beforeEach(({ skip }) => {
    if (reason !== undefined) skip(reason)
  })
  afterAll(() => server?.cleanup())

  async function missing(...changes: string[]): Promise<string> {
    if (server === undefined) throw new Error('no server')
    await server.command('ACL', 'SETUSER', 'oyez', 'reset', ...rules, '>secret', ...changes)
    const bus = new RedisBus({ url: server.url, ...login })
    try {
      await bus.start({ onPublication() {}, onStatus() {} })
      return ''
    } catch (error) {
      expect(error).toMatchObject({ code: 'refused' })
      return /Missing: (.*)$/.exec(error instanceof Error ? error.message : '')?.[1] ?? String(error)
    } finally {
      await bus.close()
    }
  }

  it('nothing is missing with the documented rules', async () => {
    expect(await missing()).toBe('')
  })

  it('several commands', async () => {
    expect(await missing('-xadd', '-hset', '-evalsha', '-script|load', '-subscribe')).toBe(
      '+script|load +evalsha +hset +xadd +subscribe',
    )
  })

  it('each command of the rules by itself', async () => {
    const commands = rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1))
    expect(commands.length).toBeGreaterThan(20)
    for (const command of commands) {
      // Without HELLO there is no connection to try anything with.
      if (command === 'hello') continue
      expect(await missing(`-${command}`), command).toBe(`+${command}`)
    }
  })

  it('the key pattern alone, and no command', async () => {
    expect(await missing('resetkeys', '~other:*')).toBe('~oyez:*')
  })

  it('keys and channels, beside a command', async () => {
    expect(await missing('-time', 'resetkeys', '~other:*', 'resetchannels', '&oyez:probe:*')).toBe(
      '+time ~oyez:* &oyez:*',
    )
  })
})
