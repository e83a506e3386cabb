import { expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { Client } from '../../src/client/client.ts'
import { collect, next, useScriptedServer } from './client-fixture.ts'
import { ScriptedServer } from './scripted-server.ts'

const fixture = useScriptedServer()

test('the connect carries what the options say, and its answer is told', async () => {
  const client = fixture.client({ token: 't', data: { a: 1 }, name: 'app', headers: { 'x-tenant': 'one' } })
  const connected = next(client, 'connected')
  client.connect()
  expect(client.state).toBe('connecting')
  const server = await fixture.server.welcome({ node: 'n1', data: { role: 'guest' } })
  expect(await connected).toEqual({ client: 'c1', node: 'n1', data: { role: 'guest' } })
  expect(client.state).toBe('connected')
  expect(server.frames[0]?.[0]?.['connect']).toMatchObject({
    token: 't',
    data: { a: 1 },
    name: 'app',
    headers: { 'x-tenant': 'one' },
    oyez_ext: 1,
  })
})

test('pings are answered', async () => {
  const client = fixture.client()
  client.connect()
  const server = await fixture.server.welcome()
  server.send({})
  expect(await server.next()).toEqual({})
})

test('a connection that is cut or closed to come back is replaced', async () => {
  const client = fixture.client()
  const states = collect(client, 'connecting')
  client.connect()
  const first = await fixture.server.welcome()
  await client.ready()
  first.socket.close(3001, 'shutdown')
  const second = await fixture.server.welcome()
  await client.ready()
  second.socket.terminate()
  await fixture.server.welcome()
  await client.ready()
  expect(states.map(({ code }) => code)).toEqual([0, 3001, 1006])
})

test.each([
  [3500, 'invalid token'],
  [3503, 'force disconnect'],
  [4999, 'yours'],
  [1009, ''],
])('close code %i is final', async (code, reason) => {
  const client = fixture.client()
  const over = next(client, 'disconnected')
  client.connect()
  const server = await fixture.server.welcome()
  await client.ready()
  server.socket.close(code, reason)
  expect(await over).toEqual({ code, reason })
  expect(client.state).toBe('disconnected')
})

test('a connect refused for good ends it, and the rest of the frame is ignored', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const heard = collect(news, 'subscribed')
  const over = next(client, 'disconnected')
  news.subscribe()
  client.connect()
  const server = await fixture.server.connection()
  const [connect, subscribe] = [await server.next(), await server.next()]
  server.send(
    { id: connect.id, error: { code: 103, message: 'permission denied' } },
    { id: subscribe.id, subscribe: {} },
  )
  expect(await over).toEqual({ code: 103, reason: 'permission denied' })
  expect(heard).toEqual([])
  await expect(client.ready()).rejects.toMatchObject({ code: 'disconnected' })
})

test('an expired token is fetched again', async () => {
  const tokens = ['old', 'new']
  const client = fixture.client({ getToken: () => tokens.shift() ?? null })
  client.connect()
  const first = await fixture.server.connection()
  const refused = await first.refuse({ code: 109, message: 'token expired' })
  expect(refused).toMatchObject({ connect: { token: 'old' } })
  const second = await fixture.server.connection()
  expect(await second.answer('connect', { client: 'c' })).toMatchObject({ connect: { token: 'new' } })
  await client.ready()
  second.socket.close(3005, 'connection expired')
  // There is no third one.
  expect(await next(client, 'disconnected')).toEqual({ code: 1, reason: 'unauthorized' })
})

test('an expired token that nobody can replace is final', async () => {
  const client = fixture.client({ token: 'old' })
  const over = next(client, 'disconnected')
  client.connect()
  await (await fixture.server.connection()).refuse({ code: 109, message: 'token expired' })
  expect((await over).code).toBe(109)
})

test('a getToken that fails is reported and tried again', async () => {
  let calls = 0
  const client = fixture.client({
    getToken: async () => {
      if (calls++ === 0) throw new Error('no network')
      return 'token'
    },
  })
  const reported = next(client, 'error')
  client.connect()
  expect((await reported).error).toMatchObject({ code: 'token', cause: new Error('no network') })
  await fixture.server.welcome()
  await client.ready()
})

test('a getToken that takes longer than an answer of the server may take is waited for', async () => {
  let calls = 0
  const client = fixture.client({
    timeoutMs: 100,
    getToken: () => {
      calls++
      return new Promise<string>((resolve) => setTimeout(() => resolve('token'), 250))
    },
  })
  client.connect()
  await fixture.server.welcome()
  await client.ready()
  expect(calls).toBe(1)
})

test('a getToken that never settles counts as a failed attempt, and the next one is made', async () => {
  let calls = 0
  const client = fixture.client({
    timeoutMs: 50,
    getToken: () => (calls++ === 0 ? new Promise<string>(() => undefined) : 'token'),
  })
  const failed = new Promise<string>((resolve) =>
    client.on('connecting', ({ code, reason }) => code === 1 && resolve(reason)),
  )
  client.connect()
  expect(await failed).toBe('timeout')
  await fixture.server.welcome()
  await client.ready()
  expect(calls).toBe(2)
})

test('connect after disconnect asks getToken again, so that the token of the former user is not sent', async () => {
  let user = 'ann'
  const client = fixture.client({ getToken: () => user })
  client.connect()
  expect(await (await fixture.server.connection()).answer('connect', { client: 'c' })).toMatchObject({
    connect: { token: 'ann' },
  })
  await client.ready()
  client.disconnect()
  user = 'bob'
  client.connect()
  expect(await (await fixture.server.connection()).answer('connect', { client: 'd' })).toMatchObject({
    connect: { token: 'bob' },
  })
})

test('a time that no timer can hold is refused, and one that the server names is not taken for a short one', async () => {
  for (const timeoutMs of [2 ** 31, 3e8 + 1, Number.POSITIVE_INFINITY])
    expect(() => fixture.client({ timeoutMs })).toThrow('timeoutMs must be a whole number from 1 to 3e8')
  expect(() => fixture.client({ backoff: { maxMs: 2 ** 40 } })).toThrow('backoff.maxMs')
  const client = fixture.client({ timeoutMs: 3e8 })
  const lost: unknown[] = []
  client.connect()
  await (await fixture.server.connection()).answer('connect', { client: 'c', ping: 2 ** 40, pong: true })
  await client.ready(2 ** 40)
  client.on('connecting', (event) => lost.push(event))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(lost).toEqual([])
  expect(client.state).toBe('connected')
})

test('a node that is down is left for the next one of the list', async () => {
  const gone = await ScriptedServer.start()
  const { url } = gone
  await gone.close()
  const client = new Client([url, fixture.server.url], { backoff: { minMs: 1, maxMs: 5 } })
  client.connect()
  await fixture.server.welcome()
  await client.ready()
  client.disconnect()
})

test.each(['this is no JSON', '[]', '7', '{"id":1'])(
  'a frame of garbage costs the connection, not the client: %s',
  async (frame) => {
    const client = fixture.client()
    const reported = next(client, 'error')
    client.connect()
    const first = await fixture.server.welcome()
    await client.ready()
    first.socket.send(frame)
    expect((await reported).error.code).toBe('protocol')
    await fixture.server.welcome()
    await client.ready()
  },
)

test('messages with fields of wrong types, unknown pushes and unknown fields do no harm', async () => {
  const client = fixture.client()
  const errors = collect(client, 'error')
  const heard = collect(client.subscription('news'), 'publication')
  client.subscription('news').subscribe()
  client.connect()
  const server = await fixture.server.welcome({ extra: [1, 2], subs: { odd: 7, __proto__: {} } })
  await server.answer('subscribe', {
    recoverable: true,
    epoch: 'e',
    offset: 1,
    publications: [null, 7, { offset: -1 }],
  })
  const odd = [null, 7, 'x', [], {}, { code: 'x', offset: 1.5, next: 3, data: null }]
  for (const value of odd) {
    for (const name of ['pub', 'unsubscribe', 'subscribe', 'message', 'oyez_break', 'oyez_epoch', 'join', 'refresh']) {
      server.send({ push: { channel: 'other', [name]: value } }, { push: { channel: value, [name]: value } })
    }
    server.send({ id: value, connect: value }, { id: 9_999, error: value }, { unheard: value }, { push: value })
  }
  server.send({ push: { channel: 'news', pub: { data: 'still here', offset: 2 } } })
  await expect.poll(() => heard.at(-1)?.data).toBe('still here')
  expect(errors).toEqual([])
})

test('silence for longer than the ping interval and 10 s means a new connection', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  try {
    const client = fixture.client()
    client.connect()
    const first = await fixture.server.welcome({ ping: 25 })
    await client.ready()
    await vi.advanceTimersByTimeAsync(20_000)
    first.send({})
    await first.next()
    // The ping at 20 s counts: the limit is 35 s after it.
    await vi.advanceTimersByTimeAsync(34_000)
    expect(client.state).toBe('connected')
    const lost = next(client, 'connecting')
    await vi.advanceTimersByTimeAsync(1_001)
    expect(await lost).toEqual({ code: 2, reason: 'no ping' })
    await vi.advanceTimersByTimeAsync(100)
  } finally {
    vi.useRealTimers()
  }
})

test('a server that does not answer the connect is left', async () => {
  const client = fixture.client({ timeoutMs: 50 })
  client.connect()
  await fixture.server.connection()
  await fixture.server.welcome()
  await client.ready()
})

test('calls are answered, refused, or end with the connection', async () => {
  const client = fixture.client()
  client.connect()
  const called = client.rpc('add', [1, 2])
  const server = await fixture.server.welcome()
  expect(await server.answer('rpc', { data: 3 })).toMatchObject({ rpc: { method: 'add', data: [1, 2] } })
  expect(await called).toBe(3)
  const refused = client.rpc('nope', null)
  await server.refuse({ code: 104, message: 'method not found' })
  await expect(refused).rejects.toMatchObject({ code: 'refused', status: 104, message: 'method not found' })
  const cut = client.rpc('slow', null)
  await server.next()
  server.socket.terminate()
  await expect(cut).rejects.toMatchObject({ code: 'connection-lost', temporary: true })
})

test('history and one-way messages have the wire form of the protocol', async () => {
  const client = fixture.client()
  client.connect()
  const read = client.history('news', { limit: 2, since: { epoch: 'e', offset: 3 }, reverse: true })
  const server = await fixture.server.welcome()
  const info = { user: 'alice', client: 'c9', conn_info: { name: 'A' } }
  const command = await server.answer('history', {
    epoch: 'e',
    offset: 9,
    publications: [{ data: 'x', offset: 2, info }],
  })
  expect(command['history']).toEqual({ channel: 'news', limit: 2, since: { epoch: 'e', offset: 3 }, reverse: true })
  expect(await read).toEqual({
    publications: [{ data: 'x', offset: 2, info: { user: 'alice', client: 'c9', connInfo: { name: 'A' } } }],
    position: { epoch: 'e', offset: 9 },
  })
  await client.send({ typing: true })
  expect(await server.next()).toEqual({ send: { data: { typing: true } } })
})

test('the personal channel is recovered through the connect', async () => {
  const client = fixture.client()
  const heard = collect(client, 'message')
  const breaks = collect(client, 'break')
  client.connect()
  const first = await fixture.server.welcome({ subs: { '#bob': { recoverable: true, epoch: 'e', offset: 2 } } })
  first.send({ push: { channel: '#bob', pub: { data: 'a', offset: 3 } } }, { push: { message: { data: 'once' } } })
  await expect.poll(() => heard.length).toBe(2)
  first.socket.terminate()
  const publications = [{ data: 'b', offset: 4 }]
  const second = await fixture.server.welcome({
    subs: { '#bob': { recoverable: true, recovered: true, epoch: 'e', offset: 3, publications } },
  })
  expect(second.frames[0]?.[0]?.['connect']).toMatchObject({
    subs: { '#bob': { recover: true, epoch: 'e', offset: 3 } },
  })
  await expect
    .poll(() => heard.map(({ data, channel, offset }) => [data, channel, offset]))
    .toEqual([
      ['a', '#bob', 3],
      ['once', '', 0],
      ['b', '#bob', 4],
    ])
  // A gap here costs the connection, since only a connect can ask again.
  second.send({ push: { channel: '#bob', pub: { data: 'd', offset: 6 } } })
  const third = await fixture.server.welcome({ subs: { '#bob': { recoverable: true, epoch: 'g', offset: 1 } } })
  expect(third.frames[0]?.[0]?.['connect']).toMatchObject({ subs: { '#bob': { epoch: 'e', offset: 4 } } })
  await expect.poll(() => breaks).toMatchObject([{ channel: '#bob', reason: 'unknown', last: { offset: 4 } }])
})

test('disconnect ends everything, from every state and any number of times', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const client = fixture.client()
    const waiting = expect(client.ready(1_000)).rejects.toMatchObject({ code: 'disconnected' })
    await waiting
    client.connect()
    client.disconnect()
    client.connect()
    const server = await fixture.server.welcome()
    await client.ready()
    const called = expect(client.rpc('slow', null)).rejects.toMatchObject({ code: 'connection-lost' })
    client.subscription('news').subscribe()
    await server.next()
    client.disconnect()
    client.disconnect()
    await called
    await expect(client.publish('news', 1)).rejects.toMatchObject({ code: 'disconnected' })
    await expect.poll(() => server.socket.readyState).toBe(WebSocket.CLOSED)
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('what cannot work is refused at construction', () => {
  expect(() => new Client('http://example.com')).toThrow(TypeError)
  expect(() => new Client([])).toThrow(TypeError)
  expect(() => new Client('ws://example.com', { timeoutMs: 0 })).toThrow('timeoutMs must be a whole number from 1')
  expect(() => new Client('ws://example.com', { backoff: { minMs: -1 } })).toThrow('backoff.minMs')
})
