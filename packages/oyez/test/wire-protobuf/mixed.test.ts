import { describe, expect, it } from 'vitest'
import { jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { useBinaryWire, valueOf } from './binary-fixture.ts'

describe('one channel with subscribers of both forms', () => {
  const binary = useBinaryWire()

  it('hears the same from publishers of both forms and from the server, in the same order', async () => {
    const { url, hub } = await binary.node()
    const json = await binary.wire.connected(url, 'json')
    const proto = await binary.connected(url, 'proto')
    await json.ask({ id: 2, subscribe: { channel: 'room' } })
    await proto.ask({ id: 2, subscribe: { channel: 'room' } })
    await json.ask({ id: 3, publish: { channel: 'room', data: { from: 'json' } } })
    await proto.ask({ id: 3, publish: { channel: 'room', data: jsonBytes({ from: 'proto' }) } })
    await hub.publish('room', { from: 'server' })
    const expected = [
      { data: { from: 'json' }, offset: 1, info: { user: 'json' } },
      { data: { from: 'proto' }, offset: 2, info: { user: 'proto' } },
      { data: { from: 'server' }, offset: 3 },
    ]
    for (const client of [json, proto]) {
      for (const pub of expected) expect(await client.push()).toMatchObject({ channel: 'room', pub })
    }
  })

  it('keeps a payload as its JSON publisher wrote it, for the binary form and back', async () => {
    const { url } = await binary.node()
    const json = await binary.wire.connected(url)
    const proto = await binary.connected(url)
    await json.ask({ id: 2, subscribe: { channel: 'room' } })
    await proto.ask({ id: 2, subscribe: { channel: 'room' } })
    const text = '{ "n": 12345678901234567890, "e": 1.0e+2, "s": "\\u00e9é" }'
    json.send(`{"id":3,"publish":{"channel":"room","data":${text}}}`)
    await proto.push()
    expect(proto.frames.some((frame) => Buffer.from(frame).includes(text))).toBe(true)
    await proto.ask({ id: 4, publish: { channel: 'room', data: Buffer.from(text) } })
    await proto.push()
    await json.push()
    await json.push()
    expect(json.frames.filter((frame) => frame.includes(text))).toHaveLength(2)
  })

  it('keeps a JSON client in one piece when a payload of the binary form has line breaks', async () => {
    const { url } = await binary.node()
    const sdk = binary.wire.centrifuge(url)
    const room = sdk.newSubscription('room')
    const subscribed = new Promise((resolve) => room.once('subscribed', resolve))
    const heard = new Promise<unknown>((resolve) => room.once('publication', ({ data }) => resolve(data)))
    sdk.connect()
    room.subscribe()
    await subscribed
    const proto = await binary.connected(url)
    await proto.ask({ id: 2, subscribe: { channel: 'room' } })
    const text = '{\n  "a": [\r\n 1,\n2 ]\n}\n'
    await proto.ask({ id: 3, publish: { channel: 'room', data: Buffer.from(text) } })
    // The official client splits frames at line breaks.
    expect(await heard).toEqual({ a: [1, 2] })
    await proto.push()
    expect(proto.frames.some((frame) => Buffer.from(frame).includes(text))).toBe(true)
  })

  it('lets a client come back in the other form and continue', async () => {
    const { url, hub } = await binary.node()
    const json = await binary.wire.connected(url)
    const { subscribe } = await json.ask({ id: 2, subscribe: { channel: 'room' } })
    const { epoch = '' } = subscribe ?? {}
    json.terminate()
    for (let n = 1; n <= 3; n++) await hub.publish('room', n)
    const proto = await binary.connected(url)
    const again = await proto.ask({ id: 2, subscribe: { channel: 'room', recover: true, epoch, offset: 1n } })
    expect(again.subscribe).toMatchObject({
      recovered: true,
      was_recovering: true,
      offset: 1,
      publications: [
        { data: 2, offset: 2 },
        { data: 3, offset: 3 },
      ],
    })
  })

  it('answers history in both forms alike', async () => {
    const { url } = await binary.node()
    const proto = await binary.connected(url, 'bob')
    for (let n = 1; n <= 3; n++) await proto.ask({ id: n, publish: { channel: 'room', data: jsonBytes([n]) } })
    const json = await binary.wire.connected(url)
    const { history } = await proto.ask({ id: 9, history: { channel: 'room', limit: -1 } })
    expect(history?.publications).toHaveLength(3)
    expect(history).toEqual((await json.ask({ id: 9, history: { channel: 'room', limit: -1 } })).history)
  })

  it('joins what one tick brings into one write, a message a frame, for the official client too', async () => {
    const { url, hub } = await binary.node()
    const client = await binary.connected(url)
    const sdk = binary.centrifuge(url)
    const room = sdk.newSubscription('room')
    const heard: unknown[] = []
    room.on('publication', ({ data }) => heard.push(valueOf(data)))
    const subscribed = new Promise((resolve) => room.once('subscribed', resolve))
    sdk.connect()
    room.subscribe()
    await subscribed
    await client.ask({ id: 2, subscribe: { channel: 'room' } })
    await Promise.all(Array.from({ length: 100 }, (_, n) => hub.publish('room', n)))
    for (let n = 0; n < 100; n++) expect(await client.push()).toMatchObject({ pub: { data: n, offset: n + 1 } })
    await expect.poll(() => heard).toEqual(Array.from({ length: 100 }, (_, n) => n))
  })
})
