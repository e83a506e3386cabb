import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { useListeners, type Listening, upgrade } from '../transport/listener-fixture.ts'
import { RawClient } from '../wire/raw-client.ts'
import { eventually, range } from './hub-fixture.ts'

const listeners = useListeners()
const PAYLOAD = 'x'.repeat(8_000)

/** A client over TCP that can stop reading: the kernel's buffers fill, then the hub's. */
class SlowClient {
  readonly #socket: Socket
  #text = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (data) => (this.#text += data.toString('latin1')))
  }

  static async open(port: number): Promise<SlowClient> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    const client = new SlowClient(socket)
    socket.write(`${upgrade(port).join('\r\n')}\r\n\r\n`)
    return client
  }

  send(text: string): void {
    const body = Buffer.from(text)
    // A mask of zeros leaves the payload as it is.
    this.#socket.write(
      Buffer.concat([Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255, 0, 0, 0, 0]), body]),
    )
  }

  stopReading(): void {
    this.#socket.pause()
  }

  readOn(): void {
    this.#socket.resume()
  }

  async heard(text: string): Promise<void> {
    while (!this.#text.includes(text)) await once(this.#socket, 'data')
  }

  get offsets(): readonly number[] {
    return [...this.#text.matchAll(/"channel":"news","pub":\{"data":"[^"]*","offset":(\d+)/gu)].map(([, offset]) =>
      Number(offset),
    )
  }

  get closed(): Promise<unknown> {
    return once(this.#socket, 'close')
  }

  end(): void {
    this.#socket.destroy()
  }
}

async function subscribed(node: Listening): Promise<SlowClient> {
  const client = await SlowClient.open(node.port)
  client.send('{"id":1,"connect":{"oyez_ext":1}}\n{"id":2,"subscribe":{"channel":"news"}}')
  await client.heard('"id":2')
  return client
}

test('a socket that does not read lags within its bound, delays nobody, and then gets everything in order, once', async () => {
  const highWaterBytes = 100_000
  const node = await listeners.listen({
    hub: { limits: { highWaterBytes }, channels: { defaults: { historySize: 4_000 } } },
  })
  const { hub } = node
  const slow = await subscribed(node)
  const fast = await RawClient.open(node.url)
  await fast.connect()
  await fast.ask({ id: 2, subscribe: { channel: 'news' } })
  slow.stopReading()
  let published = 0
  let most = 0
  while (hub.stats().lagging === 0 || published < 1_500) {
    for (let n = 0; n < 20; n++) await hub.publish('news', `${(published += 1)}${PAYLOAD}`)
    // The fast one has it before anything more is published.
    while ((await fast.push()).pub?.offset !== published) continue
    most = Math.max(most, hub.stats().queuedBytes)
    expect(published).toBeLessThan(3_900)
  }
  expect(most).toBeLessThanOrEqual(highWaterBytes + 65_536 + 20_000)
  expect(hub.stats().lagging).toBe(1)
  slow.readOn()
  while (slow.offsets.length < published) await slow.heard(`"offset":${published}}`)
  expect(slow.offsets).toEqual(range(1, published))
  await eventually(() => hub.stats().lagging === 0)
  expect(hub.stats().breaks).toBe(0)
  slow.end()
  fast.close()
}, 30_000)

test('a mark below the buffers of the system is kept too, and nothing is missing', async () => {
  const node = await listeners.listen({
    hub: { limits: { highWaterBytes: 2_000 }, channels: { defaults: { historySize: 4_000 } } },
  })
  const client = await RawClient.open(node.url)
  await client.connect()
  await client.ask({ id: 2, subscribe: { channel: 'news' } })
  const offsets: (number | undefined)[] = []
  for (let round = 0; round < 10; round++) {
    await Promise.all(range(1, 20).map((n) => node.hub.publish('news', `${n}${'x'.repeat(500)}`)))
    while (offsets.length < (round + 1) * 20) offsets.push((await client.push()).pub?.offset)
  }
  expect(offsets).toEqual(range(1, 200))
  client.close()
})

test('trimmed meanwhile is told to the socket that reads again', async () => {
  const node = await listeners.listen({
    hub: { limits: { highWaterBytes: 50_000 }, channels: { defaults: { historySize: 10 } } },
  })
  const slow = await subscribed(node)
  slow.stopReading()
  let published = 0
  while (published < 1_500) {
    // What one tick brings stays below the mark: within the short history, only the socket can be the reason.
    for (let n = 0; n < 5; n++) await node.hub.publish('news', `${(published += 1)}${PAYLOAD}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(node.hub.stats().lagging).toBe(1)
  slow.readOn()
  await slow.heard('"oyez_break":{"reason":"trimmed"')
  const { offsets } = slow
  expect(offsets).toEqual(range(1, offsets.length))
  await node.hub.publish('news', 'live')
  await slow.heard(`{"data":"live","offset":${published + 1}}`)
  slow.end()
}, 30_000)

test('a socket that asks without reading is closed, and ended by force when it does not take the close', async () => {
  const node = await listeners.listen({ hub: { limits: { highWaterBytes: 50_000 }, onRpc: () => PAYLOAD } })
  const codes: number[] = []
  node.hub.on('disconnected', ({ code }) => codes.push(code))
  const slow = await SlowClient.open(node.port)
  slow.send('{"id":1,"connect":{}}')
  await slow.heard('"id":1')
  slow.stopReading()
  let most = 0
  for (let id = 2; id < 20_000 && codes.length === 0; id++) {
    slow.send(`{"id":${id},"rpc":{"method":"x"}}`)
    if (id % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
    const { queuedBytes, connections } = node.hub.stats()
    most = Math.max(most, queuedBytes)
    if (connections === 0) break
  }
  await eventually(() => node.hub.stats().connections === 0)
  expect(codes).toEqual([3008])
  expect(most).toBeLessThan(200_000)
  slow.end()
}, 30_000)
