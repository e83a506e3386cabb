import { connect } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { MemoryBus } from '../../../src/bus/memory/index.ts'
import { Hub } from '../../../src/hub/hub.ts'
import type { HubOptions } from '../../../src/hub/options.ts'
import { UwsListener, type UwsListenerOptions } from '../../../src/transport/uws/index.ts'
import { RawClient } from '../../wire/raw-client.ts'
import { status, upgrade } from '../listener-fixture.ts'
import { describeUws, type ListeningApp, listenUws } from './uws-double.ts'

describeUws('a listener on an app of uWebSockets.js', (uws) => {
  const opened: (ListeningApp & { readonly hub: Hub })[] = []

  afterEach(async () => {
    for (const { hub, close } of opened.splice(0)) {
      await hub.close()
      close()
    }
  })

  const listen = async (options: { hub?: Partial<HubOptions>; listener?: UwsListenerOptions } = {}) => {
    const hub = new Hub({
      bus: new MemoryBus(),
      authenticate: ({ token }) => ({ userId: token }),
      channels: { defaults: { publish: 'anyone' } },
      ...options.hub,
    })
    await hub.start()
    const app = uws.App()
    const listener = new UwsListener(hub, options.listener).attach(app)
    app.get('/*', (response) => void response.end('plain'))
    const listening = await listenUws(uws, app)
    opened.push({ ...listening, hub })
    const { port } = listening
    return { hub, app, listener, port, url: `ws://127.0.0.1:${port}/connection/websocket` }
  }

  /** Sends a request as it stands; resolves with the head of the answer. */
  const ask = (port: number, lines: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
      let answer = ''
      socket.on('data', (data) => {
        answer += data.toString('latin1')
        if (answer.includes('\r\n\r\n')) socket.destroy()
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(answer))
    })

  it('the path is exact; a query does not matter', async () => {
    const { port } = await listen()
    const paths: readonly (readonly [string, number])[] = [
      ['/connection/websocket', 101],
      ['/connection/websocket?cf_protocol_version=v2', 101],
      ['/connection/websocket/', 404],
      ['/connection/websockets', 404],
      ['/CONNECTION/WEBSOCKET', 404],
      ['//connection/websocket', 404],
      ['/connection%2fwebsocket', 404],
      ['/', 404],
    ]
    for (const [path, expected] of paths) {
      expect([path, status(await ask(port, upgrade(port, { path })))]).toEqual([path, expected])
    }
  })

  it('plain requests are the application’s, also to the path of the upgrade', async () => {
    const { port } = await listen()
    for (const path of ['/', '/connection/websocket']) {
      expect(status(await ask(port, [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`]))).toBe(200)
    }
  })

  it('a page of another site is refused with 403, before anything is made for it', async () => {
    const { port, hub } = await listen()
    for (const origin of ['https://evil.com', 'null', `http://127.0.0.1:${port}.evil.com`]) {
      expect(status(await ask(port, upgrade(port, { extra: [`Origin: ${origin}`] })))).toBe(403)
    }
    // Two of them are none of ours, whichever comes first.
    const twice = [`Origin: http://127.0.0.1:${port}`, 'Origin: https://evil.com']
    expect(status(await ask(port, upgrade(port, { extra: twice })))).toBe(403)
    expect(hub.stats().connections).toBe(0)
    expect(status(await ask(port, upgrade(port, { extra: [`Origin: http://127.0.0.1:${port}`] })))).toBe(101)
  })

  it('a malformed handshake, or one with a body, is refused and harms nobody', async () => {
    const { port, url } = await listen()
    const lines = upgrade(port)
    for (const [from, to] of [
      ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 7'],
      ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!'],
      ['Upgrade: websocket', 'Upgrade: h2c'],
      ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a,,b'],
      ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 13\r\nContent-Length: 5'],
    ] as const) {
      const answer = await ask(
        port,
        lines.map((line) => line.replace(from, to)),
      )
      expect([to, status(answer)]).toEqual([to, 400])
    }
    const client = await RawClient.open(url)
    await client.connect()
    client.close()
  })

  it('a subprotocol is echoed when it is ours, and an empty header counts as none', async () => {
    const { port } = await listen()
    const offers: readonly (readonly [readonly string[], string | undefined])[] = [
      [[], undefined],
      [['Sec-WebSocket-Protocol: centrifuge-json'], 'centrifuge-json'],
      [['Sec-WebSocket-Protocol: other, centrifuge-json'], 'centrifuge-json'],
      [['Sec-WebSocket-Protocol: '], undefined],
      [['Sec-WebSocket-Protocol: other'], undefined],
    ]
    for (const [extra, expected] of offers) {
      const answer = await ask(port, upgrade(port, { extra }))
      expect(status(answer)).toBe(101)
      expect(/^sec-websocket-protocol: (.+)\r$/imu.exec(answer)?.[1]).toBe(expected)
    }
  })

  it('a hub that does not take connections, and a closed listener, answer 503 and when to try again', async () => {
    const [one, two] = [await listen(), await listen()]
    await one.hub.close()
    await two.listener.close()
    await two.listener.close()
    for (const { port } of [one, two]) {
      const answer = await ask(port, upgrade(port))
      expect(status(answer)).toBe(503)
      expect(answer).toMatch(/^retry-after: 1\r$/imu)
    }
  })

  it('the hub is handed what the request said', async () => {
    let seen: { url: string; headers: ReadonlyMap<string, string>; remoteAddress: string } | undefined
    const authenticate: HubOptions['authenticate'] = (request) => {
      seen = request
      return { userId: '' }
    }
    const { url } = await listen({ hub: { authenticate } })
    const client = await RawClient.open(`${url}?a=1`, { headers: { Cookie: 'session=7', 'X-Two': 'b' } })
    await client.connect()
    expect(seen?.url).toBe('/connection/websocket?a=1')
    expect(seen?.headers.get('cookie')).toBe('session=7')
    expect(seen?.headers.get('x-two')).toBe('b')
    expect(seen?.remoteAddress).toBe('127.0.0.1')
    client.close()
  })

  it('a frame over the limit closes with 1009 for both sides, one far over it ends the connection', async () => {
    const { url, hub } = await listen({ listener: { maxFrameBytes: 1_000 } })
    const codes: number[] = []
    hub.on('disconnected', ({ code }) => codes.push(code))
    const large = await RawClient.open(url)
    await large.connect()
    large.send('x'.repeat(1_001))
    expect(await large.closed).toMatchObject({ code: 1009 })
    const huge = await RawClient.open(url)
    await huge.connect()
    huge.send('x'.repeat(100_000))
    expect(await huge.closed).toMatchObject({ code: 1006 })
    await expect.poll(() => codes).toEqual([1009, 1009])
  })

  it('clients of it and of the hub are one: publications arrive in order, a client that was away recovers', async () => {
    const { url, hub } = await listen()
    const [ann, bob] = [await RawClient.open(url), await RawClient.open(url)]
    await ann.connect('ann')
    await bob.connect('bob')
    const { subscribe: before } = await bob.ask({ id: 2, subscribe: { channel: 'news' } })
    await ann.ask({ id: 2, subscribe: { channel: 'news' } })
    // Several in one tick: one corked write, a message each.
    await Promise.all([1, 2, 3].map((n) => hub.publish('news', `n${n} 👋🏽`)))
    for (const client of [ann, bob]) {
      for (const n of [1, 2, 3]) expect((await client.push()).pub?.data).toBe(`n${n} 👋🏽`)
    }
    bob.terminate()
    await bob.closed
    await ann.ask({ id: 3, publish: { channel: 'news', data: 'while bob was away' } })
    const again = await RawClient.open(url)
    await again.connect('bob')
    const position = { recover: true, offset: 3, epoch: before?.epoch }
    const { subscribe } = await again.ask({ id: 2, subscribe: { channel: 'news', ...position } })
    expect(subscribe?.recovered).toBe(true)
    expect(subscribe?.publications?.map(({ data }) => data)).toEqual(['while bob was away'])
    await hub.sendToUser('bob', 'for you')
    expect((await again.push()).pub?.data).toBe('for you')
    ann.close()
    again.close()
    await expect.poll(() => hub.stats().connections).toBe(0)
  })

  it('a closing hub says why, and its connections end', async () => {
    const { url, hub } = await listen()
    const client = await RawClient.open(url)
    await client.connect('ann')
    await hub.close()
    expect(await client.closed).toMatchObject({ code: 3001 })
  })

  it('a thousand connections that come and go at any moment leave nothing behind', async () => {
    const { url, hub } = await listen()
    const ended: Promise<unknown>[] = []
    for (let n = 0; n < 1_000; n += 50) {
      const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(url)))
      for (const [index, client] of clients.entries()) {
        if (index % 3 === 0) client.send({ id: 1, connect: {} })
        if (index % 4 === 0) client.send('nonsense')
        if (index % 5 === 0) client.close()
        else client.terminate()
        ended.push(client.closed)
      }
      await hub.publish('news', n)
    }
    await Promise.all(ended)
    await expect.poll(() => hub.stats().connections).toBe(0)
  })
})
