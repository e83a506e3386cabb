import { beforeEach, describe, expect, it } from 'vitest'
import type { RawClient } from './raw-client.ts'
import { Bystander, useWire, type WireNode } from './wire-fixture.ts'

/** Frames that close with 3501, whoever sends them. */
const badFrames: readonly (readonly [string, string, string])[] = [
  ['that is no JSON', 'hello', 'frame is not JSON'],
  ['that is half a command', '{"id":2,"subscribe":{"channel":"ne', 'frame is not JSON'],
  ['that is empty', '', 'empty frame'],
  ['of empty lines', '\n\n', 'empty frame'],
  ['that is a JSON array', '[]', 'command is not an object'],
  ['that is a JSON number', '7', 'command is not an object'],
  ['that is null', 'null', 'command is not an object'],
  ['with an unknown command', '{"id":2,"teleport":{}}', 'unknown command'],
  ['with an id and nothing else', '{"id":2}', 'unknown command'],
  ['with a command that is no object', '{"id":2,"subscribe":"news"}', 'subscribe is no object'],
  ['with a command without an id', '{"subscribe":{"channel":"news"}}', 'pong without ping, or command without id'],
  ['with the id null', '{"id":null,"subscribe":{"channel":"news"}}', 'pong without ping, or command without id'],
  ['with an id that is text', '{"id":"2","subscribe":{"channel":"news"}}', 'command id is no uint32'],
  ['with a negative id', '{"id":-2,"subscribe":{"channel":"news"}}', 'command id is no uint32'],
  ['with an id that is no whole number', '{"id":2.5,"subscribe":{"channel":"news"}}', 'command id is no uint32'],
  ['with an id above 32 bits', '{"id":4294967296,"subscribe":{"channel":"news"}}', 'command id is no uint32'],
  ['with a second connect', '{"id":2,"connect":{}}', 'second connect'],
  ['with a pong without a ping', '{}', 'pong without ping, or command without id'],
  ['with an empty channel', '{"id":2,"subscribe":{"channel":""}}', 'channel is empty'],
  ['without a channel', '{"id":2,"publish":{"data":1}}', 'channel is empty'],
  ['with a channel that is no text', '{"id":2,"subscribe":{"channel":7}}', 'channel is no string'],
  ['with a line break inside a command', '{"id":2,\n"unsubscribe":{"channel":"a"}}', 'frame is not JSON'],
]

describe('a frame of a connected client', () => {
  const wire = useWire()
  let node: WireNode
  let bystander: Bystander
  let client: RawClient

  beforeEach(async () => {
    node = await wire.node()
    bystander = await Bystander.at(wire, node)
    client = await wire.connected(node.url, 'alice')
  })

  it.each(badFrames)('%s closes with 3501', async (_name, frame, detail) => {
    client.send(frame)
    expect(await client.closed).toEqual({ code: 3501, reason: `bad request: ${detail}` })
    await bystander.expectUndisturbed()
  })

  it('of bytes that are no UTF-8 closes with 3501', async () => {
    client.sendBytes(
      Buffer.concat([
        Buffer.from('{"id":2,"publish":{"channel":"a","data":"'),
        Buffer.from([0xff]),
        Buffer.from('"}}'),
      ]),
    )
    expect((await client.closed).code).toBe(3501)
    await bystander.expectUndisturbed()
  })

  it('over 68 KiB closes with 1009', async () => {
    client.send({ id: 2, publish: { channel: 'a', data: 'x'.repeat(69_632) } })
    expect((await client.closed).code).toBe(1009)
    await bystander.expectUndisturbed()
  })

  it('stops at the command that violates the protocol: what stands before it is carried out, what follows is not', async () => {
    client.send(
      { id: 2, publish: { channel: 'a', data: 1 } },
      { id: 3, connect: {} },
      { id: 4, publish: { channel: 'a' } },
    )
    expect((await client.closed).code).toBe(3501)
    await bystander.expectUndisturbed()
    expect(node.hub.stats().published).toBe(2)
  })

  it('with one line that is no JSON is not carried out at all', async () => {
    client.send({ id: 2, publish: { channel: 'a', data: 1 } }, 'and so on')
    expect((await client.closed).code).toBe(3501)
    await bystander.expectUndisturbed()
    expect(node.hub.stats().published).toBe(1)
  })

  it('in binary form is read as text', async () => {
    client.sendBytes(Buffer.from('{"id":2,"unsubscribe":{"channel":"ü"}}'))
    expect(await client.reply(2)).toEqual({ id: 2, unsubscribe: {} })
  })

  it('may end with line breaks, of either kind', async () => {
    client.send('{"id":2,"unsubscribe":{"channel":"a"}}\r\n{"id":3,"unsubscribe":{"channel":"a"}}\n\n')
    expect(await client.next()).toEqual({ id: 2, unsubscribe: {} })
    expect(await client.next()).toEqual({ id: 3, unsubscribe: {} })
  })
})

describe('the first frame', () => {
  const wire = useWire()

  it.each([
    ['a subscribe', '{"id":1,"subscribe":{"channel":"news"}}', 'command before connect'],
    ['a publish', '{"id":1,"publish":{"channel":"news","data":1}}', 'command before connect'],
    ['a presence', '{"id":1,"presence":{"channel":"news"}}', 'command before connect'],
    ['a send', '{"send":{"data":1}}', 'command before connect'],
    ['a pong', '{}', 'pong without ping, or command without id'],
    ['no JSON', 'GET / HTTP/1.1', 'frame is not JSON'],
    ['a connect with a token that is no text', '{"id":1,"connect":{"token":7}}', 'token is no string'],
    ['a connect with malformed subs', '{"id":1,"connect":{"subs":{"a":1}}}', 'connect.subs is malformed'],
    [
      'a connect with a malformed position',
      '{"id":1,"connect":{"subs":{"a":{"recover":true,"offset":-1}}}}',
      'position is malformed',
    ],
    ['two connects', '{"id":1,"connect":{}}\n{"id":2,"connect":{}}', 'second connect'],
  ])('that is %s closes with 3501', async (_name, frame, detail) => {
    const node = await wire.node()
    const bystander = await Bystander.at(wire, node)
    const client = await wire.raw(node.url)
    client.send(frame)
    expect(await client.closed).toEqual({ code: 3501, reason: `bad request: ${detail}` })
    await bystander.expectUndisturbed()
  })
})
