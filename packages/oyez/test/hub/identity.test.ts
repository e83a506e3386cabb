import { expect, test } from 'vitest'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()

test('the sender of a publication is what the server knows, whatever the client claims', async () => {
  const node = await hubs.node({ authenticate: ({ token }) => ({ userId: token, info: { name: 'Ann <b>' } }) })
  const hearer = await node.connected('hearer')
  await hearer.subscribe('news')
  const client = node.client()
  const { client: id } = await client.connect('ann')
  await client.publish(
    'news',
    { user: 'bob' },
    {
      info: { user: 'bob', client: 'x' },
      user: 'bob',
      client: 'x',
      offset: 99,
      time: 1,
      tags: { admin: 'yes' },
    },
  )
  expect(await hearer.received('news', 1)).toEqual([
    {
      data: { user: 'bob' },
      offset: 1,
      info: { user: 'ann', client: id, conn_info: { name: 'Ann <b>' } },
    },
  ])
  const { publications } = await node.hub.history('news')
  expect(publications[0]?.info).toEqual({ user: 'ann', client: id, conn_info: { name: 'Ann <b>' } })
})

test('a publication of the server has no sender', async () => {
  const node = await hubs.node()
  const hearer = await node.connected()
  await hearer.subscribe('news')
  await node.hub.publish('news', 1)
  expect(await hearer.received('news', 1)).toEqual([{ data: 1, offset: 1 }])
  expect((await node.hub.history('news')).publications).toEqual([{ data: 1, offset: 1 }])
})

test('a user name cannot break out of the JSON that it stands in', async () => {
  const node = await hubs.node()
  const hearer = await node.connected()
  await hearer.subscribe('news')
  const name = '","client":"forged","x":"\\'
  const client = node.client()
  const { client: id } = await client.connect(name)
  await client.publish('news', 1)
  expect((await hearer.received('news', 1))[0]?.info).toEqual({ user: name, client: id })
})

test('payloads travel as their publisher wrote them', async () => {
  const node = await hubs.node()
  const hearer = await node.connected()
  await hearer.subscribe('news')
  const client = await node.connected('ann')
  const raw = '{"big":12345678901234567890.10, "a" : [1 , 2],"u":"\\u00fc","__proto__":{"x":1}}'
  client.transport.receive(`{"id":77,"publish":{"channel":"news","data":${raw}}}`)
  await hearer.received('news', 1)
  expect(hearer.transport.frames.some((frame) => String(frame).includes(`"data":${raw}`))).toBe(true)
  expect(({} as { x?: number }).x).toBeUndefined()
})
