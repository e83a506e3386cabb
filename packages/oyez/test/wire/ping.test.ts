import { describe, expect, it } from 'vitest'
import { useWire } from './wire-fixture.ts'

describe('ping and pong', () => {
  const wire = useWire()

  it('keep a connection that answers', async () => {
    const { url, hub } = await wire.node({ times: { pingIntervalMs: 200, pongTimeoutMs: 150 } })
    const client = await wire.connected(url)
    for (let n = 0; n < 4; n++) {
      expect(await client.next()).toEqual({})
      client.send({})
    }
    expect(client.frames.slice(1)).toEqual(['{}', '{}', '{}', '{}'])
    expect(hub.stats().connections).toBe(1)
  })

  it('close one that does not answer with 3012, and no other', async () => {
    const { url } = await wire.node({ times: { pingIntervalMs: 200, pongTimeoutMs: 150 } })
    const [silent, alive] = [await wire.connected(url), await wire.connected(url)]
    const answer = async (): Promise<void> => {
      for (;;) {
        await alive.ping()
        alive.send({})
      }
    }
    const answering = answer().catch(() => undefined)
    expect(await silent.closed).toEqual({ code: 3012, reason: 'no pong' })
    alive.send({ id: 2, unsubscribe: { channel: 'a' } })
    expect(await alive.reply(2)).toEqual({ id: 2, unsubscribe: {} })
    alive.terminate()
    await answering
  })

  it('are one to one: a second pong closes with 3501', async () => {
    const { url } = await wire.node({ times: { pingIntervalMs: 400 } })
    const client = await wire.connected(url)
    expect(await client.next()).toEqual({})
    client.send({}, {})
    expect((await client.closed).code).toBe(3501)
  })
})
