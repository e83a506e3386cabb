import { describe, expect, it } from 'vitest'
import { useBinaryWire } from './binary-fixture.ts'

describe('ping and pong in the binary form', () => {
  const binary = useBinaryWire()

  it('are one zero byte each', async () => {
    const { url } = await binary.node({ times: { pingIntervalMs: 200, pongTimeoutMs: 150 } })
    const client = await binary.connected(url)
    for (let n = 0; n < 3; n++) {
      await client.ping()
      expect([...(client.frames.at(-1) ?? [])]).toEqual([0])
      client.sendBytes(Uint8Array.of(0))
    }
  })

  it('without a pong end with 3012', async () => {
    const { url } = await binary.node({ times: { pingIntervalMs: 200, pongTimeoutMs: 150 } })
    const client = await binary.connected(url)
    expect(await client.closed).toEqual({ code: 3012, reason: 'no pong' })
  })

  it('a pong without a ping closes with 3501, and so does a command without an id', async () => {
    const { url } = await binary.node()
    for (const command of [{}, { subscribe: { channel: 'room' } }]) {
      const client = await binary.connected(url)
      client.send(command)
      expect(await client.closed).toMatchObject({ code: 3501 })
    }
  })
})
