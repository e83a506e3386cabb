import { Centrifuge } from 'centrifuge/build/protobuf'
import { Client } from 'oyez/client'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { OyezNode } from '../fixture/oyez-node.ts'

let server: OyezNode | undefined
const closing: (() => void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) close()
  await server?.kill()
  server = undefined
})

describe('oyez serve', () => {
  it('speaks the binary form beside JSON, in one channel', async () => {
    server = await OyezNode.start({ workers: 2 })
    const binary = new Centrifuge(`${server.websocketUrl}?user=bob`, { websocket: WebSocket })
    closing.push(() => binary.disconnect())
    const room = binary.newSubscription('room')
    const heard: unknown[] = []
    room.on('publication', ({ data }) => heard.push(JSON.parse(Buffer.from(data as Uint8Array).toString())))
    const subscribed = new Promise((resolve) => room.once('subscribed', resolve))
    binary.connect()
    room.subscribe()
    await subscribed

    const json = new Client(`${server.websocketUrl}?user=alice`)
    closing.push(() => json.disconnect())
    const seen: unknown[] = []
    const there = json.subscription('room')
    there.on('publication', ({ data, info }) => seen.push([data, info?.user]))
    const here = new Promise((resolve) => there.on('subscribed', resolve))
    json.connect()
    there.subscribe()
    await here

    await there.publish({ from: 'alice' })
    await room.publish(Buffer.from('{"from":"bob"}'))
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual([{ from: 'alice' }, { from: 'bob' }])
    await expect
      .poll(() => seen, { timeout: 10_000 })
      .toEqual([
        [{ from: 'alice' }, 'alice'],
        [{ from: 'bob' }, 'bob'],
      ])
    await expect(room.publish(Uint8Array.of(0xff))).rejects.toMatchObject({ code: 107, message: 'data is not JSON' })
  })
})
