import { Client } from 'oyez/client'
import WebSocket from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Town } from './town.ts'

describe('two servers are one town', () => {
  let town: Town
  const clients: Client[] = []

  beforeAll(async () => {
    town = await Town.found(2)
  })

  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await town.ruin()
  })

  async function connect(user: string, node: number): Promise<{ client: Client; heard: unknown[]; node: string }> {
    const client = new Client(`${town.urls[node]}?user=${user}`, { WebSocket })
    clients.push(client)
    const heard: unknown[] = []
    client.on('message', ({ data, info }) => heard.push({ data, from: info?.user }))
    const connected = new Promise<string>((resolve) => client.on('connected', (event) => resolve(event.node)))
    client.connect()
    return { client, heard, node: await connected }
  }

  it('a message for Bob, sent by Alice on one server, reaches every device of Bob on another', async () => {
    const alice = await connect('alice', 0)
    const phone = await connect('bob', 1)
    const laptop = await connect('bob', 1)
    const carol = await connect('carol', 1)
    expect([alice.node, phone.node, laptop.node]).toEqual(['node-1', 'node-2', 'node-2'])

    await alice.client.publish('#bob', { text: 'hear ye' })

    const heardOnce = [{ data: { text: 'hear ye' }, from: 'alice' }]
    await expect.poll(() => phone.heard).toEqual(heardOnce)
    await expect.poll(() => laptop.heard).toEqual(heardOnce)
    expect(carol.heard).toEqual([])
  })

  it('subscribers on both servers hear a room in the same order', async () => {
    const a = await connect('ann', 0)
    const b = await connect('ben', 1)
    const heard: unknown[][] = [[], []]
    for (const [index, { client }] of [a, b].entries()) {
      const room = client.subscription('room:42')
      const subscribed = new Promise<void>((resolve) => room.on('subscribed', () => resolve()))
      room.on('publication', ({ data, offset }) => heard[index]?.push([offset, data]))
      room.subscribe()
      await subscribed
    }
    const sends = Array.from({ length: 100 }, (_, n) => [
      a.client.publish('room:42', `a${n}`),
      b.client.publish('room:42', `b${n}`),
    ])
    await Promise.all(sends.flat())
    await expect.poll(() => heard.map((list) => list.length)).toEqual([200, 200])
    expect(heard[0]).toEqual(heard[1])
  })

  it('a user is sent away from every server by one call to any of them', async () => {
    const ghosts = [await connect('ghost', 0), await connect('ghost', 1)]
    const ends = ghosts.map(({ client }) => new Promise((resolve) => client.on('disconnected', resolve)))
    await town.node(1).api('disconnect', { user: 'ghost' })
    expect(await Promise.all(ends)).toMatchObject([{ code: 3503 }, { code: 3503 }])
  })
})
