import { beforeEach, describe, expect, it } from 'vitest'
import type { RawClient } from './raw-client.ts'
import { Bystander, useWire, type WireNode } from './wire-fixture.ts'

const KIB_64 = 65_536

describe('a bad command', () => {
  const wire = useWire()
  let node: WireNode
  let bystander: Bystander
  let client: RawClient

  beforeEach(async () => {
    node = await wire.node({
      onRpc: (_connection, _method, params) => params,
      authorizePublish: (_connection, channel) => channel !== 'closed',
    })
    bystander = await Bystander.at(wire, node)
    client = await wire.connected(node.url, 'alice')
  })

  /** Expects the error, and that the connection goes on as if nothing had been. */
  const expectError = async (command: string | object, error: { code: number; message: string }): Promise<void> => {
    client.send(typeof command === 'string' ? command : { id: 2, ...command })
    expect(await client.reply(2)).toEqual({ id: 2, error })
    expect(await client.ask({ id: 3, publish: { channel: 'open', data: 1 } })).toHaveProperty('publish')
    await bystander.expectUndisturbed()
  }

  it.each(['subscribe', 'publish', 'history'])(
    '%s with a channel over 255 bytes is answered with 107',
    async (verb) => {
      const message = 'channel name is longer than 255 bytes'
      await expectError({ [verb]: { channel: 'a'.repeat(256), data: 1 } }, { code: 107, message })
    },
  )

  it('with a channel of few characters and many bytes is answered with 107', async () => {
    const message = 'channel name is longer than 255 bytes'
    // 64 characters, 256 bytes.
    await expectError({ subscribe: { channel: '\u{1F514}'.repeat(64) } }, { code: 107, message })
  })

  it('is not one with exactly 255 bytes of channel', async () => {
    const channel = `${'\u{1F514}'.repeat(63)}abc`
    expect(Buffer.byteLength(channel)).toBe(255)
    expect(await client.ask({ id: 2, subscribe: { channel } })).toHaveProperty('subscribe')
  })

  it.each(['\u0000', 'a\nb', 'a\u007f', 'a\u0085b', 'a\u2028b', '\ud800'])(
    'with a control character in the channel is answered with 107: %j',
    async (channel) => {
      const message = 'channel name has control characters'
      await expectError({ subscribe: { channel } }, { code: 107, message })
    },
  )

  it('with a reserved channel is answered with 107', async () => {
    const message = 'channel names that begin with @ are reserved'
    await expectError({ publish: { channel: '@control', data: {} } }, { code: 107, message })
  })

  it("that subscribes to somebody else's personal channel is answered with 103", async () => {
    await expectError({ subscribe: { channel: '#bystander' } }, { code: 103, message: 'permission denied' })
  })

  it('that subscribes to the personal channel of nobody is answered with 103, also for a client without a name', async () => {
    const nobody = await wire.connected(node.url, '')
    const reply = await nobody.ask({ id: 2, subscribe: { channel: '#' } })
    expect(reply.error).toEqual({ code: 103, message: 'permission denied' })
    await expectError({ subscribe: { channel: '#' } }, { code: 103, message: 'permission denied' })
  })

  it('that publishes without right is answered with 103', async () => {
    await expectError({ publish: { channel: 'closed', data: 1 } }, { code: 103, message: 'permission denied' })
  })

  it('that publishes more than 64 KiB is answered with 107', async () => {
    const message = 'payload is longer than 65536 bytes'
    // With its quotes one byte too long.
    await expectError({ publish: { channel: 'open', data: 'x'.repeat(KIB_64 - 1) } }, { code: 107, message })
  })

  it('is not one with exactly 64 KiB of payload', async () => {
    const reply = await client.ask({ id: 2, publish: { channel: 'open', data: 'x'.repeat(KIB_64 - 2) } })
    expect(reply).toHaveProperty('publish')
  })

  it('that publishes nothing is answered with 107', async () => {
    await expectError({ publish: { channel: 'open' } }, { code: 107, message: 'publish without data' })
  })

  it.each(['publish', 'rpc', 'subscribe'])(
    '%s with data nested deeper than 128 levels is answered with 107',
    async (verb) => {
      const command = `{"id":2,"${verb}":{"channel":"open","method":"m","data":${nested(129)}}}`
      await expectError(command, { code: 107, message: 'data is nested too deeply' })
    },
  )

  it('is not one with 128 levels', async () => {
    client.send(`{"id":2,"publish":{"channel":"open","data":${nested(128)}}}`)
    expect(await client.reply(2)).toHaveProperty('publish')
  })

  it('of thirty thousand levels harms nobody', async () => {
    await expectError(`{"id":2,"publish":{"channel":"open","data":${nested(30_000)}}}`, {
      code: 107,
      message: 'data is nested too deeply',
    })
  })

  it('that is a connect with data nested too deeply closes with 3501', async () => {
    const other = await wire.raw(node.url)
    other.send(`{"id":1,"connect":{"data":${nested(129)}}}`)
    expect(await other.closed).toEqual({ code: 3501, reason: 'bad request: data is nested too deeply' })
  })
})

describe('unknown fields', () => {
  const wire = useWire()

  it('are ignored, in every command and beside it', async () => {
    const { url } = await wire.node({ onRpc: () => 1 })
    const client = await wire.raw(url)
    const extra = { from_the_future: { deep: [[{}]] }, flag: 0, tf: null }
    expect(await client.ask({ id: 1, novel: 1, connect: extra })).toHaveProperty('connect')
    expect(await client.ask({ id: 2, novel: [], subscribe: { channel: 'a', ...extra } })).toHaveProperty('subscribe')
    expect(await client.ask({ id: 3, novel: {}, publish: { channel: 'a', data: 1, ...extra } })).toHaveProperty(
      'publish',
    )
    expect(await client.ask({ id: 4, novel: '', history: { channel: 'a', ...extra } })).toHaveProperty('history')
    expect(await client.ask({ id: 5, rpc: { method: 'm', ...extra } })).toHaveProperty('rpc')
    expect(await client.ask({ id: 6, unsubscribe: { channel: 'a', ...extra } })).toHaveProperty('unsubscribe')
  })
})

function nested(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels)
}
