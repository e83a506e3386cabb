import { describe, expect, it } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { FlakyBus } from '../../src/testing/flaky-bus.ts'
import { type WireNode, useWire } from './wire-fixture.ts'

/** A node that can be made to miss more than its channels keep. */
export interface BreakingNode extends WireNode {
  /** Loses the publications made by `publish`, and then finds that the log has been trimmed over them. */
  breakStream(publish: () => Promise<unknown>): Promise<void>
}

describe('a break in the stream', () => {
  const wire = useWire()

  const start = async (): Promise<BreakingNode> => {
    const bus = new FlakyBus(new MemoryBus({ broker: wire.broker }))
    const node = await wire.node({ bus, channels: { defaults: { historySize: 2, publish: 'anyone' } } })
    return {
      ...node,
      async breakStream(publish) {
        bus.dropHints()
        await publish()
        bus.dropNone()
        bus.gap()
      },
    }
  }
  const publishFive = (node: WireNode, channel: string) => async (): Promise<void> => {
    for (let n = 2; n <= 6; n++) await node.hub.publish(channel, n)
  }

  it('is told to a client with the extension in its stream, which goes on behind it', async () => {
    const node = await start()
    const client = await wire.raw(node.url)
    await client.connect('', { oyez_ext: 1 })
    const { subscribe } = await client.ask({ id: 2, subscribe: { channel: 'news' } })
    const epoch = subscribe?.epoch
    await node.hub.publish('news', 1)
    expect(await client.push()).toMatchObject({ pub: { offset: 1 } })
    await node.breakStream(publishFive(node, 'news'))
    expect(await client.push()).toEqual({
      channel: 'news',
      oyez_break: { reason: 'trimmed', last: { epoch, offset: 1 }, next: { epoch, offset: 6 } },
    })
    await node.hub.publish('news', 7)
    expect(await client.push()).toEqual({ channel: 'news', pub: { data: 7, offset: 7 } })
  })

  it('ends the subscription of a client without it with 2500; with its position it is told that it is not recovered', async () => {
    const node = await start()
    const client = await wire.connected(node.url)
    const { subscribe } = await client.ask({ id: 2, subscribe: { channel: 'news' } })
    const epoch = subscribe?.epoch
    await node.hub.publish('news', 1)
    await client.push()
    await node.breakStream(publishFive(node, 'news'))
    expect(await client.push()).toEqual({
      channel: 'news',
      unsubscribe: { code: 2500, reason: 'insufficient state' },
    })
    const reply = await client.ask({ id: 3, subscribe: { channel: 'news', recover: true, epoch, offset: 1 } })
    expect(reply.subscribe).toMatchObject({ was_recovering: true, offset: 6, oyez_break: { reason: 'trimmed' } })
    await node.hub.publish('news', 7)
    expect(await client.push()).toMatchObject({ pub: { data: 7, offset: 7 } })
  })

  it('of a server-side subscription closes a client without the extension with 3010', async () => {
    const node = await start()
    const client = await wire.connected(node.url, 'bob')
    await node.hub.sendToUser('bob', 1)
    await client.push()
    await node.breakStream(publishFive(node, '#bob'))
    expect(await client.closed).toEqual({ code: 3010, reason: 'insufficient state' })
  })

  it('is none when what was missed is still kept', async () => {
    const node = await start()
    const client = await wire.connected(node.url)
    await client.ask({ id: 2, subscribe: { channel: 'news' } })
    await node.breakStream(() => node.hub.publish('news', 1))
    expect(await client.push()).toEqual({ channel: 'news', pub: { data: 1, offset: 1 } })
  })
})
