import { expect, test } from 'vitest'
import { eventually, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('a publisher may receive its own publication before the answer to its publish', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  await client.subscribe('news')
  // The answer of the bus is lost: the publication is there nevertheless.
  node.bus.loseNextAnswer('append')
  const { error } = await client.publish('news', 'mine')
  expect(error).toMatchObject({ code: 100, temporary: true })
  expect(client.publications('news')).toMatchObject([{ data: 'mine', offset: 1 }])
  const kinds = client.seen.map((message) => (message.push === undefined ? 'reply' : 'push'))
  expect(kinds.at(-1)).toBe('reply')
})

test('a publisher that does not subscribe hears nothing', async () => {
  const node = await hubs.node()
  const client = await node.connected()
  await client.publish('news', 1)
  expect(client.publications('news')).toEqual([])
})

test('publishes of one connection are stored in the order in which they were sent', async () => {
  const node = await hubs.node({
    // The first takes longest: order must not depend on it.
    authorizePublish: async (_, __, data) => {
      for (let turns = 20 - Number(data); turns > 0; turns--) await Promise.resolve()
      return true
    },
  })
  const client = await node.connected()
  for (let n = 0; n < 20; n++) client.send({ publish: { channel: 'news', data: n } })
  await eventually(() => client.seen.length === 21)
  const { publications } = await node.hub.history('news')
  expect(publications.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => n))
})
