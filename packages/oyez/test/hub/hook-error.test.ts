import { expect, test } from 'vitest'
import { type HubHooks, Refusal } from '../../src/hub/hooks.ts'
import { deferred, eventually, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

const failures: readonly (readonly [string, () => never | Promise<never>])[] = [
  [
    'throws',
    () => {
      throw new Error('secret: redis://10.0.0.1')
    },
  ],
  ['rejects', () => Promise.reject(new Error('secret: redis://10.0.0.1'))],
  [
    'throws undefined',
    () => {
      // oxlint-disable-next-line typescript/only-throw-error -- an application may
      throw undefined
    },
  ],
]

const asks: Readonly<Record<string, object>> = {
  authorizeSubscribe: { subscribe: { channel: 'news' } },
  authorizePublish: { publish: { channel: 'news', data: 1 } },
  onRpc: { rpc: { method: 'time' } },
}

for (const [how, fail] of failures) {
  for (const [hook, command] of Object.entries(asks)) {
    test(`a ${hook} hook that ${how} is error 100 for its client and an event, and nothing for others`, async () => {
      const node = await hubs.node({ [hook]: fail })
      const events: string[] = []
      node.hub.on('hookError', (event) => events.push(event.hook))
      const client = await node.connected('ann')
      const { error } = await client.ask(command)
      expect(error).toEqual({ code: 100, message: 'internal server error', temporary: true })
      expect(events).toEqual([hook])
      // The connection lives on.
      expect((await client.ask({ history: { channel: '#ann' } })).history).toBeDefined()
      await node.connected('bob')
    })
  }

  test(`an authenticate hook that ${how} is error 100 and an event`, async () => {
    const node = await hubs.node({
      authenticate: ({ token }) => (token === 'good' ? { userId: 'good' } : fail()),
    })
    const events: string[] = []
    node.hub.on('hookError', (event) => events.push(event.hook))
    const client = node.client()
    const { error } = await client.ask({ connect: { token: 'bad' } })
    expect(error).toEqual({ code: 100, message: 'internal server error', temporary: true })
    expect(events).toEqual(['authenticate'])
    await node.connected('good')
  })

  test(`an onMessage hook that ${how} is an event and nothing else`, async () => {
    const node = await hubs.node({ onMessage: fail })
    const events: string[] = []
    node.hub.on('hookError', (event) => events.push(event.hook))
    const client = await node.connected('ann')
    client.transport.receive('{"send":{"data":1}}')
    await eventually(() => events.length === 1)
    await client.subscribe('news')
    expect(events).toEqual(['onMessage'])
  })
}

test('a hook that never settles keeps its own command waiting and no other', async () => {
  const never = new Promise<never>(() => undefined)
  const node = await hubs.node({ authorizeSubscribe: (_, channel) => (channel === 'stuck' ? never : true) })
  const client = await node.connected('ann')
  const id = client.send({ subscribe: { channel: 'stuck' } })
  await client.subscribe('news')
  expect(client.seen.some((message) => message.id === id)).toBe(false)
  client.transport.hangUp()
  expect(node.hub.stats()).toMatchObject({ connections: 0, subscriptions: 0 })
})

test('an authenticate hook that never settles holds its connection for the connect time only', async () => {
  const node = await hubs.node({
    authenticate: () => new Promise<never>(() => undefined),
    times: { connectTimeoutMs: 50, pingIntervalMs: 60, pongTimeoutMs: 60_000 },
  })
  const client = node.client()
  client.send({ connect: {} })
  expect(await client.closed()).toBe(3502)
})

test('an authenticate hook that answers after its client has gone leaves nothing behind', async () => {
  for (const outcome of ['resolve', 'reject'] as const) {
    const gate = deferred<{ userId: string }>()
    const node = await hubs.node({ authenticate: () => gate.promise })
    const client = node.client()
    client.send({ connect: {} })
    client.transport.hangUp()
    if (outcome === 'resolve') gate.resolve({ userId: 'ann' })
    else gate.reject(new Error('late'))
    await turn()
    expect(node.hub.stats()).toMatchObject({ connections: 0, users: 0, subscriptions: 0, busChannels: 0 })
    expect([...node.hub.connections()]).toEqual([])
  }
})

test('a Refusal is the answer, word for word', async () => {
  const node = await hubs.node({
    authenticate: ({ token }) => {
      if (token === 'expired') throw new Refusal(109, 'token expired')
      return { userId: token }
    },
    authorizeSubscribe: () => {
      throw new Refusal(423, 'room is locked', { temporary: true })
    },
    onRpc: () => {
      throw new Refusal(104, 'no such method')
    },
  })
  const client = await node.connected('ann')
  expect((await client.ask({ subscribe: { channel: 'a' } })).error).toEqual({
    code: 423,
    message: 'room is locked',
    temporary: true,
  })
  expect((await client.ask({ rpc: { method: 'x' } })).error).toEqual({ code: 104, message: 'no such method' })
  expect((await node.client().ask({ connect: { token: 'expired' } })).error).toEqual({
    code: 109,
    message: 'token expired',
  })
})

test('what authenticate says is checked: a bad answer is a hook error, not a half-open connection', async () => {
  const cyclic: { self?: unknown } = {}
  cyclic.self = cyclic
  const answers: readonly unknown[] = [
    { userId: 7 },
    { userId: 'x'.repeat(255) },
    { userId: 'a\nb' },
    { userId: 'ann', channels: ['@control'] },
    { userId: 'ann', channels: [''] },
    { userId: 'ann', data: cyclic },
    { userId: 'ann', data: 7n },
    { userId: 'ann', info: () => undefined },
    { userId: 'ann', info: 'x'.repeat(70_000) },
    'ann',
  ]
  for (const answer of answers) {
    const authenticate = (() => answer) as NonNullable<HubHooks['authenticate']>
    const node = await hubs.node({ authenticate })
    const events: string[] = []
    node.hub.on('hookError', ({ hook }) => events.push(hook))
    node.hub.on('connected', () => events.push('connected'))
    const client = node.client()
    expect((await client.ask({ connect: {} })).error?.code).toBe(100)
    expect(events).toEqual(['authenticate'])
    expect(node.hub.stats()).toMatchObject({ users: 0, subscriptions: 0 })
  }
})

test('no identity closes with 3500', async () => {
  for (const answer of [null, undefined]) {
    const node = await hubs.node({ authenticate: () => answer })
    const client = node.client()
    client.send({ connect: {} })
    expect(await client.closed()).toBe(3500)
  }
})

test('anything but true from an authorize hook refuses', async () => {
  const hook = (() => 'yes') as unknown as () => boolean
  const node = await hubs.node({ authorizeSubscribe: hook, authorizePublish: hook })
  const client = await node.connected()
  expect((await client.ask({ subscribe: { channel: 'a' } })).error?.code).toBe(103)
  expect((await client.publish('a', 1)).error?.code).toBe(103)
  expect((await client.ask({ history: { channel: 'a' } })).error?.code).toBe(103)
})

test('a listener of the hub that throws harms nobody', async () => {
  const node = await hubs.node()
  for (const type of ['connected', 'subscribed', 'unsubscribed', 'disconnected'] as const) {
    node.hub.on(type, () => {
      throw new Error('listener')
    })
  }
  const client = await node.connected('ann')
  await client.subscribe('news')
  await node.hub.publish('news', 1)
  expect(await client.received('news', 1)).toHaveLength(1)
  await client.ask({ unsubscribe: { channel: 'news' } })
  client.transport.hangUp()
  expect(node.hub.stats().connections).toBe(0)
})
