import { expect, test } from 'vitest'
import { type FakeClient, range, type Seen, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

function publish(client: FakeClient, seq: number, producer = 'p'): Promise<Seen> {
  return client.publish('news', `message ${seq}`, { oyez_producer: producer, oyez_seq: seq })
}

test('a message sent again is stored once, and its place is told again, on any node', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const hearer = await here.connected()
  await hearer.subscribe('news')
  const first = await here.connected('ann')
  const { publish: stored } = await publish(first, 1)
  expect(stored).toMatchObject({ offset: 1 })
  expect(stored?.oyez_duplicate).toBeUndefined()
  const second = await there.connected('ann')
  expect((await publish(second, 1)).publish).toEqual({ ...stored, oyez_duplicate: true })
  expect((await publish(second, 2)).publish).toMatchObject({ offset: 2 })
  expect((await publish(first, 3)).publish).toMatchObject({ offset: 3 })
  await hearer.received('news', 3)
  expect(hearer.publications('news').map(({ data }) => data)).toEqual(range(1, 3).map((n) => `message ${n}`))
})

test('a hole in the sequence is error 120 with the number to go on with', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  await publish(client, 1)
  const { error } = await publish(client, 5)
  expect(error).toMatchObject({ code: 120, oyez_expected: 2 })
  expect((await publish(client, 2)).publish).toMatchObject({ offset: 2 })
})

test('a producer that the log does not know is error 121', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  expect((await publish(client, 7)).error).toMatchObject({ code: 121 })
  expect((await client.ask({ history: { channel: 'news', limit: 10 } })).history?.publications).toEqual([])
})

test('another user cannot use, spoil or probe a producer id', async () => {
  const node = await hubs.node()
  const [ann, eve, anonymous] = [await node.connected('ann'), await node.connected('eve'), await node.connected('')]
  await publish(ann, 1)
  await publish(ann, 2)
  for (const thief of [eve, anonymous]) {
    expect((await publish(thief, 3)).error?.code).toBe(121)
    // A sequence of its own, not ann's.
    expect((await publish(thief, 1)).publish?.oyez_duplicate).toBeUndefined()
  }
  expect((await publish(ann, 3)).publish?.oyez_duplicate).toBeUndefined()
  expect((await publish(ann, 3)).publish?.oyez_duplicate).toBe(true)
})

test('a window of messages in flight is stored in order, each once, over two connections', async () => {
  const node = await hubs.node()
  const first = await node.connected('ann')
  for (const seq of range(1, 64))
    first.send({ publish: { channel: 'news', data: seq, oyez_producer: 'p', oyez_seq: seq } })
  first.transport.hangUp()
  const second = await node.connected('ann')
  const ids = range(1, 64).map((seq) =>
    second.send({ publish: { channel: 'news', data: seq, oyez_producer: 'p', oyez_seq: seq } }),
  )
  const answers = await Promise.all(ids.map((id) => second.reply(id)))
  expect(answers.every(({ publish: result }) => result !== undefined)).toBe(true)
  const { publications } = await node.hub.history('news')
  expect(publications.map(({ data }) => data)).toEqual(range(1, 64))
})

test('a malformed stamp is error 107 and nothing is stored', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  for (const stamp of [
    { oyez_producer: 7, oyez_seq: 1 },
    { oyez_producer: '', oyez_seq: 1 },
    { oyez_producer: 'x'.repeat(65), oyez_seq: 1 },
    { oyez_producer: 'p', oyez_seq: 0 },
    { oyez_producer: 'p', oyez_seq: -1 },
    { oyez_producer: 'p', oyez_seq: 1.5 },
    { oyez_producer: 'p', oyez_seq: '1' },
    { oyez_producer: 'p' },
  ]) {
    expect([stamp, (await client.publish('news', 1, stamp)).error?.code]).toEqual([stamp, 107])
  }
  expect((await node.hub.history('news')).publications).toEqual([])
})

test('an idempotency key of the server stores a message once', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const first = await here.hub.publish('news', 1, { idempotencyKey: 'k' })
  expect(await there.hub.publish('news', 1, { idempotencyKey: 'k' })).toEqual(first)
  expect(await there.hub.publish('news', 1, { idempotencyKey: 'other' })).toMatchObject({ offset: 2 })
  await expect(here.hub.publish('news', 1, { idempotencyKey: 'x'.repeat(65) })).rejects.toMatchObject({
    code: 'bus-refused',
  })
})
