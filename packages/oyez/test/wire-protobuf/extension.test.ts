import { describe, expect, it } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { useBinaryWire } from './binary-fixture.ts'

describe('the extensions in the binary form', () => {
  const binary = useBinaryWire()

  it('a publish that is repeated is stored once, and a hole names the number to go on from', async () => {
    const { url, hub } = await binary.node()
    const client = await binary.connected(url, 'bob')
    const publish = (id: number, oyezSeq: bigint): ReturnType<typeof client.ask> =>
      client.ask({ id, publish: { channel: 'room', data: jsonBytes(id), oyezProducer: 'p', oyezSeq } })
    const first = await publish(2, 1n)
    expect(first.publish).toMatchObject({ offset: 1 })
    expect(await publish(3, 1n)).toEqual({ id: 3, publish: { ...first.publish, oyez_duplicate: true } })
    expect((await publish(4, 5n)).error).toMatchObject({ code: 120, oyez_expected: 2 })
    expect((await hub.history('room')).publications).toHaveLength(1)
  })

  it('a producer is closed, and says what it stored', async () => {
    const { url, hub } = await binary.node()
    const client = await binary.connected(url, 'bob')
    const publish = { channel: 'room', data: jsonBytes(1), oyezProducer: 'p', oyezSeq: 1n }
    const { epoch } = (await client.ask({ id: 2, publish })).publish ?? {}
    const oyezClose = { channel: 'room', oyezProducer: 'p' }
    expect(await client.ask({ id: 3, oyezClose })).toEqual({ id: 3, oyez_close: { seq: 1, epoch } })
    expect((await client.ask({ id: 4, publish: { ...publish, oyezSeq: 2n } })).error?.code).toBe(121)
    expect((await hub.history('room')).publications).toHaveLength(1)
  })

  it('whoever published lately is asked to do so again when another master may have taken over', async () => {
    const bus = new FlakyBus(new MemoryBus())
    const { url } = await binary.node({ bus })
    const client = await binary.raw(url)
    await client.ask({ id: 1, connect: { oyezExt: 1 } })
    await client.ask({ id: 2, publish: { channel: 'room', data: jsonBytes(1), oyezProducer: 'p', oyezSeq: 1n } })
    bus.gap()
    expect(await client.push()).toEqual({ oyez_sync: 1 })
  })

  it('a client that understands breaks is told of one in its stream and stays subscribed', async () => {
    const bus = new FlakyBus(new MemoryBus())
    const { url, hub } = await binary.node({ bus, channels: { defaults: { historySize: 2 } } })
    const client = await binary.raw(url)
    expect((await client.ask({ id: 1, connect: { oyezExt: 1 } })).connect).toMatchObject({ oyez_ext: 1 })
    const { subscribe } = await client.ask({ id: 2, subscribe: { channel: 'room' } })
    await hub.publish('room', 1)
    await client.push()
    bus.dropHints()
    for (let n = 2; n <= 6; n++) await hub.publish('room', n)
    bus.dropNone()
    bus.gap()
    const { epoch } = subscribe ?? {}
    expect(await client.push()).toEqual({
      channel: 'room',
      oyez_break: { reason: 'trimmed', last: { epoch, offset: 1 }, next: { epoch, offset: 6 } },
    })
    await hub.publish('room', 7)
    expect(await client.push()).toMatchObject({ pub: { data: 7, offset: 7 } })
  })

  it('an unrecovered subscription says why', async () => {
    const { url, hub } = await binary.node()
    await hub.publish('room', 1)
    const client = await binary.connected(url)
    const position = { epoch: 'of another log', offset: 9n }
    const { subscribe } = await client.ask({ id: 2, subscribe: { channel: 'room', recover: true, ...position } })
    expect(subscribe).toMatchObject({
      was_recovering: true,
      offset: 1,
      oyez_break: { last: { epoch: 'of another log' } },
    })
    expect(subscribe).not.toHaveProperty('recovered')
  })
})
