import { expect, test } from 'vitest'
import { deferred, eventually, FakeClient, range, REQUEST, turn, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('what is published while a client connects comes after the answer to its connect', async () => {
  const node = await hubs.node({
    authenticate: ({ token }) => ({ userId: 'ann', channels: token === 'wait' ? ['other'] : [] }),
  })
  const live = await node.connected()
  node.bus.hold('subscribe')
  const client = node.client()
  client.send({ connect: { token: 'wait' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  // The personal channel is live here already; the other one makes the client wait.
  for (const n of range(1, 5)) await node.hub.sendToUser('ann', n)
  await live.received('#ann', 5)
  expect(client.seen).toEqual([])
  node.bus.release('subscribe')
  await client.received('#ann', 5)
  const from = client.seen[0]?.connect?.subs?.['#ann']?.offset ?? 0
  expect(client.offsets('#ann')).toEqual(range(from + 1, 5))
  expect(Object.keys(client.seen[0]?.connect?.subs ?? {}).toSorted()).toEqual(['#ann', 'other'])
})

test('a connection that is closed while it connects is sent nothing of what waited for it', async () => {
  const node = await hubs.node({
    authenticate: ({ token }) => ({ userId: 'ann', channels: token === 'wait' ? ['other'] : [] }),
  })
  await node.connected()
  node.bus.hold('subscribe')
  const client = node.client()
  client.send({ connect: { token: 'wait' } })
  await eventually(() => node.bus.held('subscribe') === 1)
  await node.hub.sendToUser('ann', 'secret until the answer')
  await turn()
  await node.hub.disconnect({ userId: 'ann' })
  expect(await client.closed()).toBe(3503)
  expect(client.seen).toEqual([])
  node.bus.release('subscribe')
})

test('commands sent in one frame with the connect wait for it and are answered in order', async () => {
  const gate = deferred<{ userId: string }>()
  const node = await hubs.node({ authenticate: () => gate.promise })
  const client = node.client()
  client.transport.receive(
    '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"a"}}\n{"id":3,"publish":{"channel":"a","data":1}}',
  )
  await turn()
  expect(client.seen).toEqual([])
  gate.resolve({ userId: 'ann' })
  await client.received('a', 1)
  await client.reply(3)
  expect(client.seen.filter(({ id }) => id !== undefined).map(({ id }) => id)).toEqual([1, 2, 3])
})

test('the order of the protocol is kept: connect first and once', async () => {
  const node = await hubs.node()
  for (const frames of [
    ['{"id":1,"subscribe":{"channel":"a"}}'],
    ['{"id":1,"connect":{}}', '{"id":2,"connect":{}}'],
    ['{"id":1,"connect":{}}\n{"id":2,"connect":{}}'],
    ['{}'],
    [''],
    ['\n\n'],
    ['nonsense'],
    ['[]'],
    ['{"id":-1,"connect":{}}'],
    ['{"id":1,"connect":{}}', '{"id":2,"unknown":{}}'],
  ]) {
    const client = node.client()
    for (const frame of frames) client.transport.receive(frame)
    expect([frames, await client.closed()]).toEqual([frames, 3501])
  }
})

test('what a client sends after the hub closed it is not even read', async () => {
  const asked: string[] = []
  const node = await hubs.node({ onRpc: (_, method) => asked.push(method) })
  const client = await node.connected()
  client.transport.receive('{}\n{"id":9,"rpc":{"method":"after"}}')
  client.transport.receive('{"id":10,"rpc":{"method":"later"}}')
  await client.closed()
  expect(asked).toEqual([])
})

test('a close reason is cut to what a close frame can carry, between two characters', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  await node.hub.disconnect({ userId: 'ann' }, { code: 4_500, reason: 'ü'.repeat(200) })
  await client.closed()
  const reason = client.transport.closedWith?.reason ?? ''
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
  expect(reason).toMatch(/^ü+$/u)
})

test('the event of a disconnect names the code that the hub closed with, else the one of the client', async () => {
  const node = await hubs.node()
  const codes: number[] = []
  node.hub.on('disconnected', ({ code }) => codes.push(code))
  const [ann, bob, eve] = [await node.connected('ann'), await node.connected('bob'), await node.connected('eve')]
  // A client that vanishes instead of answering the close.
  ann.transport.close = () => ann.transport.terminate()
  await node.hub.disconnect({ userId: 'ann' }, { code: 4_501, reason: 'banned' })
  await eventually(() => codes.length === 1)
  bob.transport.hangUp(1_000, 'bye')
  eve.transport.hangUp()
  expect(codes).toEqual([4_501, 1_000, 1_006])
})

test('authenticate receives the HTTP headers and the headers that the client claims apart from each other', async () => {
  let seen: ReadonlyMap<string, string> | undefined
  let claimed: ReadonlyMap<string, string> | undefined
  const node = await hubs.node({
    authenticate: ({ headers, clientHeaders }) => {
      seen = headers
      claimed = clientHeaders
      return { userId: '' }
    },
  })
  const client = new FakeClient()
  node.hub.accept(client.transport, { ...REQUEST, headers: new Map([['cookie', 'real']]) })
  await client.ask({ connect: { headers: { Cookie: 'made up', 'X-Extra': 'yes' } } })
  expect(seen).toEqual(new Map([['cookie', 'real']]))
  expect(claimed).toEqual(new Map(Object.entries({ cookie: 'made up', 'x-extra': 'yes' })))
})
