import { Hub, MemoryBus } from 'oyez'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeApp } from '../../src/http/app.ts'
import type { Log } from '../../src/log/log.ts'

const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} }
const KEY = 'a-key-for-tests'

let hub: Hub
let app: ReturnType<typeof nodeApp>

beforeEach(async () => {
  hub = new Hub({
    bus: new MemoryBus(),
    nodeName: 'n1',
    channels: { namespaces: { typing: { logged: false }, file: { binary: true } } },
    limits: { maxPayloadBytes: 1_000 },
  })
  await hub.start()
  app = appWith({ apiKey: KEY })
})
afterEach(() => hub.close())

function appWith(options: { readonly apiKey?: string; readonly dev?: boolean }): ReturnType<typeof nodeApp> {
  return nodeApp({
    hub,
    readiness: () => (hub.ready ? { ready: true } : { ready: false, reason: 'the bus is down' }),
    log: SILENT,
    websocketPath: '/connection/websocket',
    maxPayloadBytes: 1_000,
    isHostAllowed: () => true,
    dev: false,
    ...options,
  })
}

interface Answer {
  readonly status: number
  readonly body: { readonly result?: Record<string, unknown>; readonly error?: { code: number; message: string } }
}

async function call(method: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await app.request(`/api/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': KEY, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

describe('publish', () => {
  it('answers with the position', async () => {
    const answer = await call('publish', { channel: 'room:1', data: { text: 'hear ye' } })
    expect(answer.status).toBe(200)
    expect(answer.body.result).toEqual({ offset: 1, epoch: expect.stringMatching(/.+/) as string })
  })

  it('has no position to tell in an ephemeral channel', async () => {
    expect(await call('publish', { channel: 'typing:1', data: 1 })).toEqual({ status: 200, body: { result: {} } })
  })

  it('publishes once for one idempotency key', async () => {
    const request = { channel: 'room:1', data: 1, idempotency_key: 'order-7' }
    const first = await call('publish', request)
    expect((await call('publish', request)).body).toEqual(first.body)
  })

  it('takes null for data', async () => {
    expect((await call('publish', { channel: 'room:1', data: null })).body.result).toMatchObject({ offset: 1 })
  })

  it('keeps __proto__ in data as data', async () => {
    await call('publish', '{"channel":"room:1","data":{"__proto__":{"x":1}}}')
    const response = await app.request('/api/history', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': KEY },
      body: '{"channel":"room:1","limit":1}',
    })
    expect(await response.text()).toContain('{"__proto__":{"x":1}}')
  })
})

it('send publishes to the personal channel of a user', async () => {
  await call('send', { user: 'bob', data: 'hi' })
  const { publications } = await hub.history('#bob')
  expect(publications).toMatchObject([{ offset: 1, data: 'hi' }])
})

describe('history', () => {
  it('shows payloads of binary channels as base64', async () => {
    await hub.publish('file:1', Uint8Array.of(0xff, 0, 1))
    const { body } = await call('history', { channel: 'file:1', limit: 1 })
    expect(body.result).toMatchObject({ publications: [{ offset: 1, b64data: '/wAB' }] })
  })

  beforeEach(async () => {
    for (const data of ['a', 'b', 'c']) await hub.publish('room:1', data)
  })

  it('without a limit tells the position only', async () => {
    expect((await call('history', { channel: 'room:1' })).body.result).toMatchObject({ publications: [], offset: 3 })
  })

  it('gives the oldest first', async () => {
    const { result } = (await call('history', { channel: 'room:1', limit: 2 })).body
    expect(result?.['publications']).toEqual([
      { offset: 1, data: 'a' },
      { offset: 2, data: 'b' },
    ])
  })

  it('gives everything for a negative limit', async () => {
    expect((await call('history', { channel: 'room:1', limit: -1 })).body.result?.['publications']).toHaveLength(3)
  })

  it('gives the newest first in reverse', async () => {
    const { result } = (await call('history', { channel: 'room:1', limit: 1, reverse: true })).body
    expect(result?.['publications']).toEqual([{ offset: 3, data: 'c' }])
  })

  it('goes on behind a position', async () => {
    const { position } = await hub.history('room:1', { limit: 0 })
    const since = { offset: 2, epoch: position.epoch }
    const { result } = (await call('history', { channel: 'room:1', limit: 10, since })).body
    expect(result?.['publications']).toEqual([{ offset: 3, data: 'c' }])
  })

  it('answers 112 for a position of another history', async () => {
    const answer = await call('history', { channel: 'room:1', limit: 10, since: { offset: 2, epoch: 'another' } })
    expect(answer).toMatchObject({ status: 200, body: { error: { code: 112 } } })
  })
})

it('disconnect answers when the order is given', async () => {
  expect(await call('disconnect', { user: 'bob' })).toEqual({ status: 200, body: { result: {} } })
})

it('info tells the numbers of the node', async () => {
  const { result } = (await call('info', {})).body
  expect(result).toMatchObject({ node: 'n1', bus: 'up', connections: 0, bus_stats: { received: 0 } })
})

describe('a request that is wrong', () => {
  const cases: [string, string, unknown, string][] = [
    ['broken JSON', 'publish', '{', 'bad request: the body is not JSON'],
    ['no object', 'publish', '[]', 'bad request: the body: an object is needed'],
    ['no channel', 'publish', { data: 1 }, 'bad request: channel: a text is needed'],
    ['no data', 'publish', { channel: 'c' }, 'bad request: data: is missing'],
    ['a channel that is no text', 'publish', { channel: 5, data: 1 }, 'bad request: channel: a text is needed'],
    [
      'a limit that is no number',
      'history',
      { channel: 'c', limit: 'all' },
      'bad request: limit: a whole number is needed',
    ],
    [
      'a position that is none',
      'history',
      { channel: 'c', since: { offset: -1, epoch: '' } },
      'bad request: since.offset: a whole number from 0 is needed',
    ],
    ['an empty user', 'disconnect', { user: '' }, 'bad request: user: is empty'],
  ]
  for (const [name, method, body, message] of cases) {
    it(`${name} is answered with 400`, async () => {
      expect(await call(method, body)).toEqual({ status: 400, body: { error: { code: 107, message } } })
    })
  }

  it('another content type is answered with 400, since a foreign page could send it', async () => {
    const answer = await call('publish', { channel: 'c', data: 1 }, { 'content-type': 'text/plain' })
    expect(answer.status).toBe(400)
    expect(answer.body.error?.message).toContain('application/json')
  })

  for (const channel of ['', 'x'.repeat(256), 'a\nb', '@control']) {
    it(`the channel name ${JSON.stringify(channel.slice(0, 10))} is answered with error 107`, async () => {
      expect(await call('publish', { channel, data: 1 })).toMatchObject({ status: 200, body: { error: { code: 107 } } })
    })
  }

  it('a payload over the limit is answered with error 106', async () => {
    const answer = await call('publish', { channel: 'c', data: 'x'.repeat(1_000) })
    expect(answer).toMatchObject({ status: 200, body: { error: { code: 106 } } })
  })

  it('a body over the limit is answered with 413', async () => {
    expect((await call('publish', { channel: 'c', data: 'x'.repeat(10_000) })).status).toBe(413)
  })

  it('an unknown method is answered with 404', async () => {
    expect((await call('explode', {})).status).toBe(404)
  })
})

describe('the key', () => {
  it('is needed', async () => {
    for (const key of ['', 'wrong', `${KEY}x`]) {
      expect((await call('publish', { channel: 'c', data: 1 }, { 'x-api-key': key })).status).toBe(401)
    }
  })

  it('is asked for before the body is looked at', async () => {
    expect((await call('publish', '{', { 'x-api-key': 'wrong' })).status).toBe(401)
  })

  it('when none is configured, the API is off and says how to turn it on', async () => {
    app = appWith({})
    const answer = await call('publish', { channel: 'c', data: 1 })
    expect(answer.status).toBe(404)
    expect(answer.body.error?.message).toContain('OYEZ_API_KEY')
  })

  it('is not needed in development mode, unless one is configured', async () => {
    app = appWith({ dev: true })
    expect((await call('publish', { channel: 'c', data: 1 }, { 'x-api-key': '' })).status).toBe(200)
    app = appWith({ dev: true, apiKey: KEY })
    expect((await call('publish', { channel: 'c', data: 1 }, { 'x-api-key': '' })).status).toBe(401)
  })
})

describe('when the hub is closed', () => {
  beforeEach(() => hub.close())

  it('publish answers with a temporary error and no inner words', async () => {
    const answer = await call('publish', { channel: 'c', data: 1 })
    expect(answer).toEqual({ status: 200, body: { error: { code: 100, message: 'the node is shutting down' } } })
  })

  it('/ready is 503 with the reason and /health stays 200', async () => {
    const ready = await app.request('/ready')
    expect(ready.status).toBe(503)
    expect(await ready.json()).toEqual({ status: 'not ready', reason: 'the bus is down', node: 'n1' })
    expect((await app.request('/health')).status).toBe(200)
  })
})

it('/ready is 200 while the bus is up', async () => {
  const ready = await app.request('/ready')
  expect(ready.status).toBe(200)
  expect(await ready.json()).toEqual({ status: 'ready', node: 'n1' })
})

it('the demo routes are not there', async () => {
  expect((await app.request('/demo/nodes')).status).toBe(404)
  const kill = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"node":"n1"}' }
  expect((await app.request('/demo/kill', kill)).status).toBe(404)
})

describe('payload bytes over HTTP', () => {
  const raw = '{"id":1234567890123456789, "price":1.10,"big":1e400,"id":2,"__proto__":{"x":1}}'
  const headers = { 'content-type': 'application/json', 'x-api-key': KEY }
  const post = (method: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> =>
    Promise.resolve(app.request(`/api/${method}`, { method: 'POST', headers, body }))

  it('numbers keep their digits from publish and send to history', async () => {
    await post('publish', `{"channel":"room:1","data":${raw}}`)
    await post('send', `{"user":"bob","data" : 1.10}`)
    const room = await post('history', '{"channel":"room:1","limit":-1}')
    const text = await room.text()
    expect(text).toContain(`"data":${raw}`)
    expect(room.headers.get('content-type')).toContain('application/json')
    expect(JSON.parse(text)).toMatchObject({ result: { offset: 1, publications: [{ offset: 1 }] } })
    expect(await (await post('history', '{"channel":"#bob","limit":-1}')).text()).toContain('"data":1.10')
  })

  it('a body that is not UTF-8 is refused and publishes nothing', async () => {
    const body = new Uint8Array([...Buffer.from('{"channel":"room:1","data":"'), 0xff, ...Buffer.from('"}')])
    const answer = await post('publish', body)
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('not UTF-8')
    expect((await hub.history('room:1')).publications).toEqual([])
  })

  it('a payload that is nested 129 levels deep is refused, one of 128 levels is not', async () => {
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
    expect(await (await post('publish', `{"channel":"room:1","data":${nested(129)}}`)).json()).toMatchObject({
      error: { code: 107 },
    })
    expect(await (await post('publish', `{"channel":"room:1","data":${nested(128)}}`)).json()).toMatchObject({
      result: { offset: 1 },
    })
  })
})

describe('fields and methods of the HTTP API', () => {
  const post = async (
    method: string,
    body: object,
    headers: Record<string, string> = { 'x-api-key': KEY },
  ): Promise<Answer> => {
    const answer = await app.request(`/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }

  it('a field that a method does not know is refused by its name, and nothing is done', async () => {
    for (const [method, body, field] of [
      ['publish', { channel: 'room', data: 1, skip_history: true }, 'skip_history'],
      ['send', { user: 'bob', data: 1, ttl: 5 }, 'ttl'],
      ['broadcast', { channels: ['room'], data: 1, x: 1 }, 'x'],
      ['history', { channel: 'room', since: { offset: 0, epoch: '', x: 1 } }, 'since.x'],
      ['disconnect', { user: 'bob', session: 'x' }, 'session'],
      ['disconnect', { user: 'bob', disconnect: { code: 4_000, reconnect: true } }, 'disconnect.reconnect'],
      ['info', { verbose: true }, 'verbose'],
    ] as const) {
      const { status, body: answer } = await post(method, body)
      expect([status, answer.error?.message], method).toEqual([
        400,
        `bad request: ${field}: is not a field of this method`,
      ])
    }
    expect((await hub.history('room')).publications).toEqual([])
  })

  it('an idempotency key is measured in bytes, and the message says so', async () => {
    const publish = (key: string): Promise<Answer> =>
      post('publish', { channel: 'room', data: 1, idempotency_key: key })
    expect((await publish('é'.repeat(32))).body.result).toMatchObject({ offset: 1 })
    expect((await publish('é'.repeat(33))).body.error?.message).toBe(
      'bad request: idempotency_key: is longer than 64 bytes',
    )
  })

  it('broadcast publishes to every channel and answers for each', async () => {
    const { body } = await post('broadcast', { channels: ['room:1', '@x', 'room:2'], data: { a: 1 } })
    expect(body.result).toMatchObject({
      responses: [{ result: { offset: 1 } }, { error: { code: 107 } }, { result: { offset: 1 } }],
    })
    expect((await hub.history('room:2')).publications).toHaveLength(1)
    expect((await post('broadcast', { channels: [], data: 1 })).status).toBe(400)
  })

  it('disconnect takes a user or a client, with a close code and reason of its own', async () => {
    expect(
      (await post('disconnect', { user: 'bob', disconnect: { code: 4_501, reason: 'banned' } })).body.result,
    ).toEqual({})
    expect((await post('disconnect', { client: 'some-id' })).body.result).toEqual({})
    for (const body of [{}, { user: 'bob', client: 'x' }, { user: 'bob', disconnect: { code: 1_000 } }])
      expect((await post('disconnect', body)).status, JSON.stringify(body)).toBe(400)
  })

  it('the key may come as Authorization: apikey KEY', async () => {
    expect((await post('info', {}, { authorization: `apikey ${KEY}` })).status).toBe(200)
    expect((await post('info', {}, { authorization: 'apikey wrong' })).status).toBe(401)
    expect((await post('info', {}, { authorization: `Bearer ${KEY}` })).status).toBe(401)
  })
})
