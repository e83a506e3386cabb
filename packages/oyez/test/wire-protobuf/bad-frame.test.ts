import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandFrame, jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { Bystander } from '../wire/wire-fixture.ts'
import { useBinaryWire } from './binary-fixture.ts'

const ENDLESS = Uint8Array.from({ length: 11 }, () => 0x80)

describe('a frame that is no Protobuf of the protocol', () => {
  const binary = useBinaryWire()

  it.each<[string, Uint8Array | string, string]>([
    ['empty', new Uint8Array(0), 'empty frame'],
    ['text', '{"id":1,"connect":{}}', 'frame is not binary'],
    ['a length beyond the frame', Uint8Array.of(5, 8, 1), 'message is cut short'],
    ['an endless length', ENDLESS, 'varint is too long'],
    ['a huge length', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), 'message is cut short'],
    ['field number 0', Uint8Array.of(2, 0, 0), 'field number is out of range'],
    ['an id of 33 bits', Uint8Array.of(6, 8, 0x80, 0x80, 0x80, 0x80, 0x10), 'command id is no uint32'],
    ['a name that is not UTF-8', Uint8Array.of(7, 8, 1, 0x32, 3, 0x0a, 1, 0xff), 'string is not UTF-8'],
  ])('closes with 3501 and says what it was, and nobody else notices: %s', async (_name, frame, problem) => {
    const node = await binary.node()
    const bystander = await Bystander.at(binary.wire, node)
    for (const isConnected of [false, true]) {
      const client = isConnected ? await binary.connected(node.url) : await binary.raw(node.url)
      if (typeof frame === 'string') client.sendText(frame)
      else client.sendBytes(frame)
      expect(await client.closed).toEqual({ code: 3501, reason: `bad request: ${problem}` })
    }
    await bystander.expectUndisturbed()
  })

  it('is refused as a whole: what stands before the damage is not carried out', async () => {
    const { url, hub } = await binary.node()
    const client = await binary.connected(url)
    const publish = commandFrame({ id: 2, publish: { channel: 'room', data: jsonBytes(1) } })
    client.sendBytes(Buffer.concat([publish, Uint8Array.of(9, 9)]))
    expect(await client.closed).toMatchObject({ code: 3501 })
    expect((await hub.history('room')).publications).toEqual([])
  })

  it('too long closes with 1009', async () => {
    const { url } = await binary.node()
    const client = await binary.connected(url)
    client.send({ id: 2, rpc: { method: 'm', data: jsonBytes('x'.repeat(70_000)) } })
    expect(await client.closed).toMatchObject({ code: 1009 })
  })

  it('harms nobody else, whatever is sent', async () => {
    const node = await binary.node({ onRpc: (_connection, _method, params) => params, onMessage: () => undefined })
    const bystander = await Bystander.at(binary.wire, node)
    const commands = [
      commandFrame({ id: 2, subscribe: { channel: 'room', recover: true, epoch: 'e', offset: 3n } }),
      commandFrame({ id: 3, publish: { channel: 'room', data: jsonBytes('hi'), oyezProducer: 'p', oyezSeq: 1n } }),
      commandFrame({ id: 4, history: { channel: 'room', limit: -1, since: { epoch: 'e', offset: 1n } } }),
      commandFrame({ id: 5, rpc: { method: 'm', data: jsonBytes(null) } }),
      commandFrame({ send: { data: jsonBytes('hi') } }),
    ]
    const mutated = fc
      .tuple(fc.constantFrom(...commands), fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 4 }))
      .map(([bytes, at, length, other]) => {
        const from = at % bytes.length
        return Uint8Array.from([...bytes.subarray(0, from), ...other, ...bytes.subarray(from + length)])
      })
    for (const frame of fc.sample(fc.oneof(mutated, fc.uint8Array()), 150)) {
      const client = await binary.connected(node.url)
      client.sendBytes(frame)
      // An answer to this, or a close: the hub has dealt with the frame.
      client.send({ id: 9, history: { channel: 'room' } })
      const outcome = await client.reply(9).catch(() => client.closed)
      expect(outcome).toMatchObject('code' in outcome ? { code: 3501 } : { id: 9 })
      client.terminate()
    }
    await bystander.expectUndisturbed()
    await expect.poll(() => node.hub.stats().connections).toBe(1)
  })
})
