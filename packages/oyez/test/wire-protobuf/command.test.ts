import { describe, expect, it } from 'vitest'
import { type CommandShape, jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { useBinaryWire } from './binary-fixture.ts'

describe('commands in the binary form', () => {
  const binary = useBinaryWire()

  it('are answered with the errors of the JSON form', async () => {
    const { url } = await binary.node({ channels: {} })
    const client = await binary.connected(url, 'alice')
    const error = async (command: CommandShape): Promise<number | undefined> =>
      (await client.ask({ ...command, id: 7 })).error?.code
    expect(await error({ subscribe: { channel: '#bob' } })).toBe(103)
    expect(await error({ subscribe: { channel: 'a\u0000' } })).toBe(107)
    expect(await error({ subscribe: { channel: 'x'.repeat(256) } })).toBe(107)
    expect(await error({ publish: { channel: 'room', data: jsonBytes(1) } })).toBe(103)
    expect(await error({ rpc: { method: 'm', data: jsonBytes(1) } })).toBe(108)
    expect(await error({ presence: { channel: 'room' } })).toBe(108)
    expect(await error({ presenceStats: { channel: 'room' } })).toBe(108)
    expect(await error({ refresh: { token: 't' } })).toBe(108)
    expect(await error({ subRefresh: { channel: 'room' } })).toBe(108)
    expect(await error({ ping: {} })).toBe(108)
    expect(await error({ subscribe: { channel: 'room', type: 1 } })).toBe(108)
    expect(await error({ subscribe: { channel: 'room', recover: true, epoch: 'e', flag: 2n } })).toBe(112)
    expect(await error({ subscribe: { channel: 'room' } })).toBeUndefined()
    expect(await error({ subscribe: { channel: 'room' } })).toBe(105)
    expect(await error({ history: { channel: 'room', limit: 1, since: { epoch: 'e', offset: 1n } } })).toBe(112)
    expect(await error({ unsubscribe: { channel: 'nothing' } })).toBeUndefined()
  })

  it.each<[string, CommandShape]>([
    ['a second connect', { id: 2, connect: {} }],
    ['a send with an id', { id: 2, send: { data: jsonBytes(1) } }],
    ['an id and nothing', { id: 2 }],
    ['no channel', { id: 2, subscribe: {} }],
  ])('close with 3501: %s', async (_name, command) => {
    const { url } = await binary.node()
    const client = await binary.connected(url)
    client.send(command)
    expect(await client.closed).toMatchObject({ code: 3501 })
  })

  it('close with 3501 before connect', async () => {
    const { url } = await binary.node()
    const client = await binary.raw(url)
    client.send({ id: 1, subscribe: { channel: 'room' } })
    expect(await client.closed).toEqual({ code: 3501, reason: 'bad request: command before connect' })
  })

  it('close with 3508 where the application takes no messages', async () => {
    const { url } = await binary.node()
    const client = await binary.connected(url)
    client.send({ send: { data: jsonBytes(1) } })
    expect(await client.closed).toEqual({ code: 3508, reason: 'not available' })
  })

  it('may follow their connect in the same frame, several of them', async () => {
    const { url } = await binary.node({ onRpc: (_connection, _method, params) => params })
    const client = await binary.raw(url)
    client.send(
      { id: 1, connect: { token: 'bob' } },
      { id: 2, subscribe: { channel: 'room' } },
      { id: 3, publish: { channel: 'room', data: jsonBytes('hi') } },
      { id: 4, rpc: { method: 'echo', data: jsonBytes([1]) } },
      { id: 5, rpc: { method: 'echo' } },
    )
    expect((await client.reply(1)).connect).toMatchObject({ subs: { '#bob': { recoverable: true } } })
    expect((await client.reply(2)).subscribe).toMatchObject({ recoverable: true, positioned: true })
    expect(await client.push()).toMatchObject({
      channel: 'room',
      pub: { data: 'hi', offset: 1, info: { user: 'bob' } },
    })
    expect((await client.reply(3)).publish).toMatchObject({ offset: 1 })
    expect(await client.reply(4)).toEqual({ id: 4, rpc: { data: [1] } })
    expect(await client.reply(5)).toEqual({ id: 5, rpc: { data: null } })
  })
})
