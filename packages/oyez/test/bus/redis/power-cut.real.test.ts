import { createClient } from '@redis/client'
import { afterEach, describe, expect, it } from 'vitest'
import { hasCompiler, PowerCut } from '../../fixture/power-cut.ts'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { valkeyProgram } from '../../fixture/valkey.ts'
import { RedisNode } from './redis-node.ts'

const { program = '', missing } = valkeyProgram()
const hindrance = missing ?? (hasCompiler() ? undefined : 'there is no C compiler cc')

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function valkey(appendfsync: string): Promise<{ server: RedisServer; cut: PowerCut }> {
  const cut = new PowerCut()
  ends.push(() => cut.cleanup())
  const server = await RedisServer.start({
    appendOnly: true,
    program,
    env: cut.env,
    args: ['--appendfsync', appendfsync],
  })
  ends.push(() => server.cleanup())
  return { server, cut }
}

async function node(server: RedisServer, login: object = {}): Promise<RedisNode> {
  const started = await RedisNode.start({ url: server.url, ...login })
  ends.push(() => started.bus.close())
  return started
}

describe.skipIf(hindrance !== undefined)(
  `a power cut of Valkey 9${hindrance === undefined ? '' : ` (${hindrance})`}`,
  () => {
    it('loses what its WAITAOF had acknowledged with appendfsync everysec: the fault that durable has to avoid', async () => {
      const { server, cut } = await valkey('everysec')
      const client = createClient({ url: server.url })
      client.on('error', () => undefined)
      await client.connect()
      let acknowledged = 0
      for (let isAhead = false; !isAhead; ) {
        const [, counts] = await Promise.all([
          client.sendCommand(['SET', `k${acknowledged}`, 'x']),
          client.sendCommand(['WAITAOF', '1', '0', '5000']),
        ])
        expect(counts).toEqual([1, 0])
        acknowledged++
        // It stands still while we look. An answer that waited for the disk leaves nothing unsynced.
        server.freeze()
        isAhead = cut.unsynced(server) > 0
        if (!isAhead) server.thaw()
      }
      client.destroy()
      await cut.strike(server)
      await server.restart()
      expect(Number((await server.command('DBSIZE')).slice(1))).toBeLessThan(acknowledged)
    })

    it('loses nothing that was acknowledged as durable, with appendfsync always', async () => {
      const { server, cut } = await valkey('always')
      const bus = await node(server)
      const acknowledged: string[] = []
      let isOver = false
      const publishers = [1, 2, 3].map(async (who) => {
        for (let n = 0; !isOver; n++) {
          await bus.store('room', `${who}.${n}`, { ack: 'durable' }).then(
            () => acknowledged.push(`${who}.${n}`),
            () => (isOver = true),
          )
        }
      })
      await waitFor(() => acknowledged.length > 300)
      await cut.strike(server)
      await Promise.all(publishers)
      await server.restart()
      const later = await node(server)
      const left = new Set(await later.texts('room'))
      expect(acknowledged.filter((text) => !left.has(text))).toEqual([])
    })
  },
)

describe.skipIf(missing !== undefined)(`durable on Valkey 9${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('is refused with everysec before anything is stored, and given once the setting is always', async () => {
    const server = await RedisServer.start({ appendOnly: true, program, args: ['--appendfsync', 'everysec'] })
    ends.push(() => server.cleanup())
    const bus = await node(server)
    await expect(bus.store('room', 'm1', { ack: 'durable' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/Valkey 9.*appendfsync always/) as string,
    })
    expect(await bus.texts('room')).toEqual([])
    await server.command('CONFIG', 'SET', 'appendfsync', 'always')
    await waitFor(() =>
      bus.store('room', 'm2', { ack: 'durable' }).then(
        () => true,
        () => false,
      ),
    )
    expect(await bus.texts('room')).toEqual(['m2'])
  })

  it('is uncertain at once when the setting becomes everysec while the bus runs, and refused from then on', async () => {
    const server = await RedisServer.start({ appendOnly: true, program })
    ends.push(() => server.cleanup())
    const bus = await node(server)
    await bus.store('room', 'm1', { ack: 'durable' })
    await server.command('CONFIG', 'SET', 'appendfsync', 'everysec')
    await expect(bus.store('room', 'm2', { ack: 'durable' })).rejects.toMatchObject({ code: 'uncertain' })
    await expect(bus.store('room', 'm3', { ack: 'durable' })).rejects.toMatchObject({ code: 'refused' })
    expect(await bus.texts('room')).toEqual(['m1', 'm2'])
  })

  it.each([
    ['appendonly no', ['--appendonly', 'no'], [], 'appendonly yes'],
    ['no right to WAITAOF', [], ['-waitaof'], '+waitaof'],
    ['no right to see the setting', [], ['-config|get'], '+config|get'],
  ])('is refused with %s, and says what to do', async (...row) => {
    const [, args, rules, text] = row
    const server = await RedisServer.start({ appendOnly: true, program, args })
    ends.push(() => server.cleanup())
    await server.command('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', ...rules)
    const bus = await node(server, { username: 'app', password: 'pw' })
    await expect(bus.store('room', 'm1', { ack: 'durable' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(text) as string,
    })
    expect(await bus.texts('room')).toEqual([])
  })
})
