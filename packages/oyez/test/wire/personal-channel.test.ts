import { describe, expect, it } from 'vitest'
import { jsonBytes } from '../codec/protobuf/generated-codec.ts'
import { useBinaryWire } from '../wire-protobuf/binary-fixture.ts'
import { useWire } from './wire-fixture.ts'

/** Rules that open every other channel to every client. */
const OPEN = { defaults: { publish: 'anyone', subscribe: 'anyone' } } as const

describe("another user's personal channel", () => {
  const wire = useWire()
  const binary = useBinaryWire()

  it('cannot be written to, closed, read or subscribed to by a client, although the default rule lets anyone publish (JSON)', async () => {
    const { url, hub } = await wire.node({ channels: OPEN })
    const eve = await wire.raw(url)
    await eve.connect('eve')
    const close = { channel: '#bob', oyez_producer: 'p' }
    const commands = [
      { publish: { channel: '#bob', data: 1 } },
      { publish: { channel: '#bob', data: 1, oyez_producer: 'p', oyez_seq: 1 } },
      { oyez_close: close },
      { subscribe: { channel: '#bob' } },
      { history: { channel: '#bob', limit: 1 } },
    ]
    for (const [index, command] of commands.entries()) {
      expect((await eve.ask({ id: index + 2, ...command })).error?.code, JSON.stringify(command)).toBe(103)
    }
    expect((await hub.history('#bob')).publications).toEqual([])
  })

  it('cannot be written to by a client, although the default rule lets anyone publish (Protobuf)', async () => {
    const { url, hub } = await binary.node({ channels: OPEN })
    const eve = await binary.connected(url, 'eve')
    const publish = { channel: '#bob', data: jsonBytes(1) }
    expect((await eve.ask({ id: 2, publish })).error?.code).toBe(103)
    expect((await eve.ask({ id: 3, oyezClose: { channel: '#bob', oyezProducer: 'p' } })).error?.code).toBe(103)
    expect((await hub.history('#bob')).publications).toEqual([])
  })

  it('can be written to by a client where the rule of personal channels says so', async () => {
    const { url, hub } = await wire.node({ channels: { personal: { publish: 'authenticated' } } })
    const eve = await wire.raw(url)
    await eve.connect('eve')
    expect((await eve.ask({ id: 2, publish: { channel: '#bob', data: 1 } })).publish).toBeDefined()
    const nobody = await wire.raw(url)
    await nobody.connect('')
    expect((await nobody.ask({ id: 2, publish: { channel: '#bob', data: 1 } })).error?.code).toBe(103)
    expect((await hub.history('#bob')).publications).toHaveLength(1)
  })

  it('can be written to by the server and by a client that the authorizePublish hook allows', async () => {
    const { url, hub } = await wire.node({ authorizePublish: (_, channel) => channel === '#bob' })
    const eve = await wire.raw(url)
    await eve.connect('eve')
    expect((await eve.ask({ id: 2, publish: { channel: '#bob', data: 1 } })).publish).toBeDefined()
    expect((await eve.ask({ id: 3, publish: { channel: '#ann', data: 1 } })).error?.code).toBe(103)
    await hub.sendToUser('bob', 2)
    expect((await hub.history('#bob')).publications).toHaveLength(2)
  })
})
