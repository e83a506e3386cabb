import { describe, expect, it } from 'vitest'
import { useWire } from './wire-fixture.ts'

describe('the hub ends a connection', () => {
  const wire = useWire()

  it('with 3503 when the application disconnects the user, on any node', async () => {
    const [north, south] = [await wire.node(), await wire.node()]
    const bob = await wire.connected(south.url, 'bob')
    const eve = await wire.connected(south.url, 'eve')
    await north.hub.disconnect({ userId: 'bob' })
    expect(await bob.closed).toEqual({ code: 3503, reason: 'force disconnect' })
    expect(await eve.ask({ id: 2, unsubscribe: { channel: 'a' } })).toHaveProperty('unsubscribe')
  })

  it('with a code and words of the application, cut to what a close frame holds', async () => {
    const { url, hub } = await wire.node()
    const bob = await wire.connected(url, 'bob')
    await hub.disconnect({ userId: 'bob' }, { code: 4501, reason: 'é'.repeat(100) })
    expect(await bob.closed).toEqual({ code: 4501, reason: 'é'.repeat(60) })
  })

  it('with 3001 when it shuts down', async () => {
    const node = await wire.node()
    const client = await wire.connected(node.url)
    await node.hub.close()
    expect(await client.closed).toEqual({ code: 3001, reason: 'shutdown' })
  })

  it('with 3008 when the client asks and asks without reading', async () => {
    const { url } = await wire.node({
      limits: { highWaterBytes: 65_536, maxPendingCommands: 10_000 },
      onRpc: () => 'x'.repeat(60_000),
    })
    const client = await wire.connected(url)
    client.send(...Array.from({ length: 800 }, (_, n) => ({ id: n + 2, rpc: { method: 'm' } })))
    expect(await client.closed).toEqual({ code: 3008, reason: 'slow' })
  })

  it('with what it still had to say before the close', async () => {
    const { url } = await wire.node()
    const client = await wire.connected(url)
    client.send({ id: 2, publish: { channel: '', data: 1 } })
    await client.closed
    const other = await wire.connected(url)
    other.send({ id: 2, unsubscribe: { channel: 'a' } }, { id: 3, teleport: {} })
    expect(await other.reply(2)).toEqual({ id: 2, unsubscribe: {} })
    expect((await other.closed).code).toBe(3501)
  })
})
