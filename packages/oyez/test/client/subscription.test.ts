import { expect, test } from 'vitest'
import { collect, next, useScriptedServer } from './client-fixture.ts'

const fixture = useScriptedServer()
const log = { recoverable: true, epoch: 'e' }
const pub = (offset: number) => ({ push: { channel: 'news', pub: { data: offset, offset } } })

test('connect and every subscribe travel in one frame, after a reconnect with the positions', async () => {
  const client = fixture.client({ token: 't' })
  const news = client.subscription('news')
  news.subscribe()
  client.subscription('quiet').subscribe()
  client.subscription('unwanted')
  client.connect()
  const first = await fixture.server.welcome()
  await first.answer('subscribe', { ...log, offset: 4 })
  await first.answer('subscribe')
  first.send(pub(5))
  await next(news, 'publication')
  first.socket.terminate()

  const second = await fixture.server.welcome()
  await second.next()
  expect(first.frames[0]).toMatchObject([
    { connect: { token: 't', oyez_ext: 1 } },
    { subscribe: { channel: 'news' } },
    { subscribe: { channel: 'quiet' } },
  ])
  expect(second.frames[0]).toMatchObject([
    { connect: { token: 't' } },
    { subscribe: { channel: 'news', recover: true, epoch: 'e', offset: 5 } },
    { subscribe: { channel: 'quiet' } },
  ])
  expect(second.frames[0]?.[2]).not.toHaveProperty('subscribe.recover')
})

test('publications behind the answer in the same frame are not lost, repeats are dropped', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const heard = collect(news, 'publication')
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome()
  const { id } = await server.next()
  server.send({ id, subscribe: { ...log, offset: 4 } }, pub(5), pub(5), pub(4), pub(6))
  await expect.poll(() => heard.map(({ data }) => data)).toEqual([5, 6])
  expect(news.position).toEqual({ epoch: 'e', offset: 6 })
})

test('a publication that comes too early is reported, and the channel asked for again from where we are', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const heard = collect(news, 'publication')
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome()
  await server.answer('subscribe', { ...log, offset: 4 })
  const reported = next(client, 'error')
  server.send(pub(5), pub(7), pub(8))
  expect((await reported).error).toMatchObject({ code: 'protocol' })
  expect(news.state).toBe('subscribing')
  await server.answer('unsubscribe')
  const again = await server.next()
  expect(again).toMatchObject({ subscribe: { channel: 'news', recover: true, epoch: 'e', offset: 5 } })
  const publications = [6, 7, 8].map((offset) => ({ data: offset, offset }))
  server.send({ id: again.id, subscribe: { ...log, offset: 5, recovered: true, publications } })
  await expect.poll(() => heard.map(({ data }) => data)).toEqual([5, 6, 7, 8])
})

test('a listener that throws is reported, and the stream goes on behind it', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const heard: number[] = []
  const errors = collect(news, 'error')
  news.on('publication', ({ offset }) => {
    heard.push(offset)
    if (offset === 5) throw new Error('mine')
  })
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome()
  await server.answer('subscribe', { ...log, offset: 4 })
  server.send(pub(5), pub(6))
  await expect.poll(() => heard).toEqual([5, 6])
  expect(errors.map(({ error }) => [error.code, (error.cause as Error).message])).toEqual([['listener', 'mine']])
  expect(news.position?.offset).toBe(6)
})

test('breaks and new epochs in the stream move the position', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const breaks = collect(news, 'break')
  const heard = collect(news, 'publication')
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome()
  await server.answer('subscribe', { ...log, offset: 4 })
  const broken = { reason: 'trimmed', last: { epoch: 'e', offset: 4 }, next: { epoch: 'e', offset: 90 } }
  server.send({ push: { channel: 'news', oyez_break: broken } }, pub(91), {
    push: { channel: 'news', oyez_epoch: 'f' },
  })
  server.send(pub(92))
  await expect.poll(() => heard.map(({ data }) => data)).toEqual([91, 92])
  expect(breaks).toEqual([broken])
  expect(news.position).toEqual({ epoch: 'f', offset: 92 })
})

test('a server without the extension that cannot recover means a break with an unknown reason', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome({ oyez_ext: undefined })
  await server.answer('subscribe', { ...log, offset: 4 })
  const broken = next(news, 'break')
  server.send({ push: { channel: 'news', unsubscribe: { code: 2500, reason: 'insufficient state' } } })
  await server.answer('subscribe', { ...log, epoch: 'g', offset: 1, was_recovering: true })
  expect(await broken).toMatchObject({ reason: 'unknown', last: { offset: 4 }, next: { epoch: 'g', offset: 1 } })
})

test('an unsubscribe by the server below 2500 is final', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome()
  await server.answer('subscribe', { ...log, offset: 4 })
  const over = next(news, 'unsubscribed')
  server.send({ push: { channel: 'news', unsubscribe: { code: 2000, reason: 'unsubscribed by server' } } })
  expect(await over).toEqual({ code: 2000, reason: 'unsubscribed by server' })
  expect(news.state).toBe('unsubscribed')
})

test('a refusal for good ends the subscription, a temporary one is tried again', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const errors = collect(client, 'error')
  news.subscribe()
  client.connect()
  const server = await fixture.server.welcome()
  await server.refuse({ code: 100, message: 'internal server error', temporary: true })
  const over = next(news, 'unsubscribed')
  await server.refuse({ code: 103, message: 'permission denied' })
  expect(await over).toEqual({ code: 103, reason: 'permission denied' })
  // The temporary one is named too, so that the developer of a page sees why nothing comes.
  expect(errors.map(({ error, channel }) => [error.status, channel])).toEqual([
    [100, 'news'],
    [103, 'news'],
  ])
})

test('an answer to a subscribe that was given up meanwhile changes nothing', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const heard = collect(news, 'publication')
  client.connect()
  const server = await fixture.server.welcome()
  await client.ready(5_000)
  news.subscribe()
  news.unsubscribe()
  news.subscribe()
  const [first, second, third] = [await server.next(), await server.next(), await server.next()]
  server.send({ id: first.id, subscribe: { ...log, offset: 4 } }, pub(5), { id: second.id, unsubscribe: {} })
  server.send({ id: third.id, subscribe: { ...log, offset: 5 } }, pub(6))
  await expect.poll(() => heard.map(({ data }) => data)).toEqual([6])
})

test('a subscribe while the connect is on its way is sent behind it', async () => {
  const client = fixture.client()
  client.connect()
  const server = await fixture.server.connection()
  const connect = await server.next()
  const news = client.subscription('news')
  const subscribed = next(news, 'subscribed')
  news.subscribe()
  server.send({ id: connect.id, connect: { client: 'c1', ping: 25, pong: true, oyez_ext: 1 } })
  await server.answer('subscribe', { ...log, offset: 4 })
  expect((await subscribed).position).toEqual({ epoch: 'e', offset: 4 })
})

test('who leaves and comes back while the connect is on its way is subscribed once, and the server knows', async () => {
  const client = fixture.client()
  const news = client.subscription('news')
  const subscribed = next(news, 'subscribed')
  news.subscribe()
  client.connect()
  const server = await fixture.server.connection()
  const connect = await server.next()
  news.unsubscribe()
  news.subscribe()
  server.send({ id: connect.id, connect: { client: 'c1', ping: 25, pong: true, oyez_ext: 1 } })
  await server.answer('subscribe', { ...log, offset: 4 })
  await server.answer('unsubscribe')
  await server.answer('subscribe', { ...log, offset: 5 })
  expect((await subscribed).position).toEqual({ epoch: 'e', offset: 5 })
})

test('one object per channel', () => {
  const client = fixture.client()
  expect(client.subscription('news')).toBe(client.subscription('news'))
})
