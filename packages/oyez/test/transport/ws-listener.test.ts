import { expect, test } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import { WsListener } from '../../src/transport/ws-listener.ts'
import { RawClient } from '../wire/raw-client.ts'
import { turn } from '../hub/hub-fixture.ts'
import { status, upgrade, useListeners } from './listener-fixture.ts'

const listeners = useListeners()

test('the path is exact; a query does not matter', async () => {
  const { port } = await listeners.listen()
  const paths: readonly (readonly [string, number])[] = [
    ['/connection/websocket', 101],
    ['/connection/websocket?cf_protocol_version=v2', 101],
    ['/connection/websocket/', 404],
    ['/connection/websockets', 404],
    ['/CONNECTION/WEBSOCKET', 404],
    ['//connection/websocket', 404],
    ['/x/../connection/websocket', 404],
    ['/connection%2fwebsocket', 404],
    ['/', 404],
  ]
  for (const [path, expected] of paths) {
    expect([path, status(await listeners.request(port, upgrade(port, { path })))]).toEqual([path, expected])
  }
})

test('a page of another site is refused with 403, before anything is made for it', async () => {
  const { port, hub } = await listeners.listen()
  for (const origin of [
    'https://evil.com',
    'null',
    `http://127.0.0.1:${port}.evil.com`,
    `http://127.0.0.1:${port + 1}`,
  ]) {
    expect(status(await listeners.request(port, upgrade(port, { extra: [`Origin: ${origin}`] })))).toBe(403)
  }
  expect(hub.stats().connections).toBe(0)
  expect(status(await listeners.request(port, upgrade(port, { extra: [`Origin: http://127.0.0.1:${port}`] })))).toBe(
    101,
  )
})

test('an upgrade with a body is refused with 400', async () => {
  const { port } = await listeners.listen()
  for (const extra of [['Content-Length: 5'], ['Transfer-Encoding: chunked'], ['Content-Length: 00']]) {
    expect(status(await listeners.request(port, upgrade(port, { extra })))).toBe(400)
  }
  expect(status(await listeners.request(port, upgrade(port, { extra: ['Content-Length: 0'] })))).toBe(101)
})

test('a malformed handshake is refused and harms nobody', async () => {
  const { port, url } = await listeners.listen()
  const lines = upgrade(port)
  for (const [from, to] of [
    ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 7'],
    ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: short'],
    ['Upgrade: websocket', 'Upgrade: h2c'],
    ['GET ', 'POST '],
  ] as const) {
    const answer = await listeners.request(
      port,
      lines.map((line) => line.replace(from, to)),
    )
    expect(status(answer)).toBeGreaterThanOrEqual(400)
    expect(status(answer)).toBeLessThan(500)
  }
  const client = await RawClient.open(url)
  await client.connect()
  client.close()
})

test('a hub that does not take connections answers 503 and when to try again', async () => {
  const { port, hub } = await listeners.listen()
  await hub.close()
  const answer = await listeners.request(port, upgrade(port))
  expect(status(answer)).toBe(503)
  expect(answer).toContain('Retry-After: 1\r\n')
})

test('a subprotocol is echoed when it is ours, and an empty header counts as none', async () => {
  const { port } = await listeners.listen()
  const offers: readonly (readonly [readonly string[], string | undefined])[] = [
    [[], undefined],
    [['Sec-WebSocket-Protocol: centrifuge-json'], 'centrifuge-json'],
    [['Sec-WebSocket-Protocol: other, centrifuge-json'], 'centrifuge-json'],
    [['Sec-WebSocket-Protocol: '], undefined],
    [['Sec-WebSocket-Protocol: other'], undefined],
  ]
  for (const [extra, expected] of offers) {
    const answer = await listeners.request(port, upgrade(port, { extra }))
    expect(status(answer)).toBe(101)
    expect(/^sec-websocket-protocol: (.+)\r$/imu.exec(answer)?.[1]).toBe(expected)
  }
})

test('the binary form is understood and closed with 3506', async () => {
  const { url } = await listeners.listen()
  for (const [address, protocols] of [
    [url, ['centrifuge-protobuf']],
    [`${url}?format=protobuf`, []],
    [`${url}?cf_protocol=protobuf`, []],
  ] as const) {
    const client = await RawClient.open(address, { protocols: [...protocols] })
    expect(await client.closed).toMatchObject({ code: 3506 })
  }
})

test('one byte more than a frame may have closes with 1009, one less does not', async () => {
  const { url } = await listeners.listen({ listener: { maxFrameBytes: 1_000 }, hub: { onMessage: () => undefined } })
  const frame = (bytes: number): string => {
    const empty = JSON.stringify({ send: { data: '' } })
    return JSON.stringify({ send: { data: 'x'.repeat(bytes - empty.length) } })
  }
  const client = await RawClient.open(url)
  await client.connect()
  client.send(frame(1_000))
  await client.ask({ id: 5, subscribe: { channel: 'a' } })
  client.send(frame(1_001))
  expect(await client.closed).toMatchObject({ code: 1009 })
})

test('the hub sees an oversized frame as 1009, too', async () => {
  const { url, hub } = await listeners.listen({ listener: { maxFrameBytes: 100 } })
  const gone = new Promise<number>((resolve) => hub.on('disconnected', ({ code }) => resolve(code)))
  const client = await RawClient.open(url)
  await client.connect()
  client.send('x'.repeat(101))
  expect(await gone).toBe(1009)
})

test('upgrades to other paths are left to the other listeners of the server', async () => {
  const { port, server } = await listeners.listen()
  server.on('upgrade', (request, socket) => {
    if (request.url === '/other') socket.end('HTTP/1.1 200 Other\r\nContent-Length: 0\r\n\r\n')
  })
  expect(await listeners.request(port, upgrade(port, { path: '/other' }))).toContain('200 Other')
  expect(status(await listeners.request(port, upgrade(port)))).toBe(101)
})

test('two listeners on one server have a path each, and what belongs to neither is answered with 404', async () => {
  const { port, server, hub } = await listeners.listen()
  const second = new WsListener(hub, { path: '/second' }).attach(server)
  expect(status(await listeners.request(port, upgrade(port)))).toBe(101)
  expect(status(await listeners.request(port, upgrade(port, { path: '/second' })))).toBe(101)
  expect(status(await listeners.request(port, upgrade(port, { path: '/third' })))).toBe(404)
  await second.close()
  expect(status(await listeners.request(port, upgrade(port, { path: '/second' })))).toBe(404)
})

test('plain requests are the application’s', async () => {
  const { port } = await listeners.listen()
  const answer = await listeners.request(port, [
    'GET /connection/websocket HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: close',
  ])
  expect(status(answer)).toBe(200)
})

test('a closed listener accepts nothing, keeps no listener on the server, and closes twice', async () => {
  const { server, listener, port } = await listeners.listen()
  await listener.close()
  await listener.close()
  expect(server.listenerCount('upgrade')).toBe(0)
  expect(status(await listeners.request(port, upgrade(port)))).not.toBe(101)
})

test('an option that makes no sense is an error that names it', () => {
  const hub = new Hub({ bus: new MemoryBus() })
  for (const maxFrameBytes of [0, -1, 1.5, Number.NaN]) {
    expect(() => new WsListener(hub, { maxFrameBytes })).toThrow('WsListenerOptions.maxFrameBytes')
  }
  expect(() => new WsListener(hub, { path: 'connection' })).toThrow('WsListenerOptions.path must begin with "/"')
})

test('the hub is handed what the request said', async () => {
  let seen: { url: string; headers: ReadonlyMap<string, string>; remoteAddress: string } | undefined
  const { url } = await listeners.listen({
    hub: {
      authenticate: (request) => {
        seen = request
        return { userId: '' }
      },
    },
  })
  const client = await RawClient.open(`${url}?a=1`, { headers: { Cookie: 'session=7', 'X-Two': 'b' } })
  await client.connect()
  expect(seen?.url).toBe('/connection/websocket?a=1')
  expect(seen?.headers.get('cookie')).toBe('session=7')
  expect(seen?.headers.get('x-two')).toBe('b')
  expect(seen?.remoteAddress).toBe('127.0.0.1')
  client.close()
})

test('a client that resets its connection during a refusal harms nobody', async () => {
  const { port, url } = await listeners.listen()
  for (const lines of [
    upgrade(port, { path: '/nothing' }),
    upgrade(port, { extra: ['Origin: https://evil.com'] }),
    upgrade(port, { extra: ['Content-Length: 5'] }),
    upgrade(port, { extra: ['Sec-WebSocket-Protocol: ,,'] }),
    upgrade(port),
  ]) {
    for (let n = 0; n < 20; n++) {
      const socket = await listeners.tcp(port)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`, () => socket.resetAndDestroy())
      await new Promise((resolve) => socket.once('close', resolve))
    }
  }
  const client = await RawClient.open(url)
  await client.connect()
  client.close()
})

test('a refused connection is not left half open', async () => {
  const { port, server } = await listeners.listen()
  const socket = await listeners.tcp(port)
  socket.write(`${upgrade(port, { path: '/nothing' }).join('\r\n')}\r\n\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  // The client does not hang up.
  while ((await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))) !== 0) await turn()
})
