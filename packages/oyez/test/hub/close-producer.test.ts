import { expect, test } from 'vitest'
import { type FakeClient, type Seen, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

function publish(client: FakeClient, seq: number, producer = 'p'): Promise<Seen> {
  return client.publish('news', `message ${seq}`, { oyez_producer: producer, oyez_seq: seq })
}

function close(client: FakeClient, producer = 'p'): Promise<Seen> {
  return client.ask({ oyez_close: { channel: 'news', oyez_producer: producer } })
}

test('a closed producer tells what it stored and stores no more, on any node', async () => {
  const [here, there] = [await hubs.node(), await hubs.node()]
  const first = await here.connected('ann')
  const { publish: stored } = await publish(first, 1)
  await publish(first, 2)
  const second = await there.connected('ann')
  expect((await close(second)).oyez_close).toEqual({ seq: 2, epoch: stored?.epoch })
  expect((await publish(first, 3)).error?.code).toBe(121)
  expect((await publish(second, 2)).publish?.oyez_duplicate).toBe(true)
  expect((await close(first)).oyez_close).toEqual({ seq: 2, epoch: stored?.epoch })
})

test('a producer that stored nothing is closed at 0, so that what is still under way comes to nothing', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  const { oyez_close: closed } = await close(client)
  expect(closed).toEqual({ epoch: (await node.hub.history('news')).position.epoch })
  expect((await publish(client, 1)).error?.code).toBe(121)
})

test('what the connection published before is stored before', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  const ids = [1, 2, 3].map((seq) =>
    client.send({ publish: { channel: 'news', data: seq, oyez_producer: 'p', oyez_seq: seq } }),
  )
  expect((await close(client)).oyez_close?.seq).toBe(3)
  for (const id of ids) expect((await client.reply(id)).error).toBeUndefined()
})

test('another user cannot close it', async () => {
  const node = await hubs.node()
  const [ann, eve] = [await node.connected('ann'), await node.connected('eve')]
  await publish(ann, 1)
  expect((await close(eve)).oyez_close?.seq).toBeUndefined()
  expect((await publish(ann, 2)).publish?.offset).toBe(2)
})

test('whoever may not publish may not close: 103, by the rule and by the hook, also one that wants a payload', async () => {
  const asked: unknown[] = []
  const nobody = await hubs.node({ channels: { defaults: { publish: 'nobody' } } })
  const hooked = await hubs.node({
    authorizePublish: ({ userId }, channel, data) => {
      asked.push([channel, data])
      return userId === 'ann'
    },
  })
  const errors: unknown[] = []
  const picky = await hubs.node({ authorizePublish: (_, __, data) => (data as { ok: boolean }).ok })
  picky.hub.on('hookError', ({ hook }) => errors.push(hook))
  expect((await close(await nobody.connected('ann'))).error?.code).toBe(103)
  expect((await close(await hooked.connected('eve'))).error?.code).toBe(103)
  expect((await close(await hooked.connected('ann'))).oyez_close).toBeDefined()
  expect(asked).toEqual([
    ['news', undefined],
    ['news', undefined],
  ])
  expect((await close(await picky.connected('ann'))).error?.code).toBe(103)
  expect(errors).toEqual(['authorizePublish'])
})

test('a malformed producer is 107, an ephemeral channel 108, a bus that does not answer a temporary 100', async () => {
  const node = await hubs.node({
    channels: { defaults: { publish: 'anyone' }, namespaces: { live: { logged: false } } },
  })
  const client = await node.connected('ann')
  for (const producer of ['', 7, 'x'.repeat(65), undefined]) {
    expect((await client.ask({ oyez_close: { channel: 'news', oyez_producer: producer } })).error?.code).toBe(107)
  }
  expect((await client.ask({ oyez_close: { channel: 'live:1', oyez_producer: 'p' } })).error?.code).toBe(108)
  expect(node.bus.calls('closeProducer')).toBe(0)
  node.bus.failNext('closeProducer')
  expect((await close(client)).error).toMatchObject({ code: 100, temporary: true })
})
