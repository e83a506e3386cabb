import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/hub/hooks.ts'
import { deferred, useWire } from './wire-fixture.ts'

describe('rpc', () => {
  const wire = useWire()

  it("is answered with the hook's result", async () => {
    const { url } = await wire.node({
      onRpc: async ({ userId }, method, params) => ({ userId, method, params }),
    })
    const client = await wire.connected(url, 'alice')
    const reply = await client.ask({ id: 2, rpc: { method: 'echo', data: [1, 'two'] } })
    expect(reply).toEqual({ id: 2, rpc: { data: { userId: 'alice', method: 'echo', params: [1, 'two'] } } })
  })

  it('without data asks with null, and no result answers null', async () => {
    const asked: unknown[] = []
    const { url } = await wire.node({
      onRpc: (_connection, _method, params) => {
        asked.push(params)
      },
    })
    const client = await wire.connected(url)
    expect(await client.ask({ id: 2, rpc: { method: 'note' } })).toEqual({ id: 2, rpc: { data: null } })
    expect(asked).toEqual([null])
  })

  it("is answered with the hook's refusal", async () => {
    const { url } = await wire.node({
      onRpc: () => {
        throw new Refusal(104, 'method not found')
      },
    })
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, rpc: { method: 'nothing' } })
    expect(reply).toEqual({ id: 2, error: { code: 104, message: 'method not found' } })
  })

  it('is answered with 100 and none of the words of an error in the hook', async () => {
    const { url, hub } = await wire.node({
      onRpc: () => {
        throw new Error('password of the database is hunter2')
      },
    })
    const errors: unknown[] = []
    hub.on('hookError', ({ hook }) => errors.push(hook))
    const client = await wire.connected(url)
    const reply = await client.ask({ id: 2, rpc: { method: 'm' } })
    expect(reply).toEqual({ id: 2, error: { code: 100, message: 'internal server error', temporary: true } })
    expect(errors).toEqual(['onRpc'])
  })

  it('is answered with 108 when nobody listens', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    expect((await client.ask({ id: 2, rpc: { method: 'm' } })).error).toEqual({ code: 108, message: 'not available' })
  })

  it('answers come when they are ready, each with its own id', async () => {
    const first = deferred<string>()
    const { url } = await wire.node({
      onRpc: (_connection, method) => (method === 'slow' ? first.promise : 'fast'),
    })
    const client = await wire.connected(url)
    client.send({ id: 2, rpc: { method: 'slow' } }, { id: 3, rpc: { method: 'fast' } })
    expect(await client.next()).toEqual({ id: 3, rpc: { data: 'fast' } })
    first.resolve('slow')
    expect(await client.next()).toEqual({ id: 2, rpc: { data: 'slow' } })
  })

  it('is answered with 111, temporary, when too many wait already', async () => {
    const open = deferred<null>()
    const { url } = await wire.node({ limits: { maxPendingCommands: 2 }, onRpc: () => open.promise })
    const client = await wire.connected(url)
    client.send({ id: 2, rpc: { method: 'm' } }, { id: 3, rpc: { method: 'm' } }, { id: 4, rpc: { method: 'm' } })
    expect(await client.next()).toEqual({ id: 4, error: { code: 111, message: 'too many requests', temporary: true } })
    open.resolve(null)
    expect(await client.reply(2)).toEqual({ id: 2, rpc: { data: null } })
  })
})

describe('send', () => {
  const wire = useWire()

  it('reaches the hook and is not answered', async () => {
    const heard = deferred<unknown>()
    const { url } = await wire.node({ onMessage: ({ userId }, data) => heard.resolve([userId, data]) })
    const client = await wire.connected(url, 'alice')
    client.send({ send: { data: { hello: 1 } } })
    expect(await heard.promise).toEqual(['alice', { hello: 1 }])
    await client.ask({ id: 2, unsubscribe: { channel: 'x' } })
    expect(client.frames).toHaveLength(2)
  })

  it('closes with 3508 when nobody listens', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    client.send({ send: { data: 1 } })
    expect(await client.closed).toEqual({ code: 3508, reason: 'not available' })
  })

  it('without data closes with 3501', async () => {
    const { url } = await wire.node({ onMessage: () => undefined })
    const client = await wire.connected(url)
    client.send({ send: {} })
    expect((await client.closed).code).toBe(3501)
  })
})

describe('what this version does not offer', () => {
  const wire = useWire()

  it.each([
    { presence: { channel: 'news' } },
    { presence_stats: { channel: 'news' } },
    { refresh: { token: 't' } },
    { sub_refresh: { channel: 'news', token: 't' } },
    { ping: {} },
  ])('is answered with 108: %j', async (command) => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    expect(await client.ask({ id: 2, ...command })).toEqual({ id: 2, error: { code: 108, message: 'not available' } })
  })
})
