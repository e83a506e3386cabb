import { afterEach, expect, test } from 'vitest'
import { Client } from '../../src/client/client.ts'
import { LossyBus } from '../hub/lossy-bus.ts'
import { useWire } from '../wire/wire-fixture.ts'
import { collect, next } from './client-fixture.ts'

const wire = useWire()
const clients: Client[] = []

afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect()
})

/** A node, a client of it that published three messages and falls silent, and a subscriber that heard them. */
async function idlePublisher() {
  const bus = new LossyBus()
  const { url, hub } = await wire.node({ bus })
  const [publisher, subscriber] = ['ann', 'bob'].map((token) => {
    const client = new Client(url, { token, backoff: { minMs: 5, maxMs: 30 } })
    clients.push(client)
    client.connect()
    return client
  }) as [Client, Client]
  const room = subscriber.subscription('room')
  const [heard, breaks, errors] = [
    collect(room, 'publication'),
    collect(room, 'break'),
    collect(publisher, 'error'),
  ] as const
  room.subscribe()
  await next(room, 'subscribed')
  for (const text of ['one', 'two', 'three']) await publisher.publish('room', text)
  await expect.poll(() => heard.length).toBe(3)
  return { bus, hub, room, heard, breaks, errors, publisher }
}

test('a failover that loses what an idle client published: it is back in the log once, and who had heard it is told of the fork', async () => {
  const { bus, hub, heard, breaks, errors } = await idlePublisher()
  bus.failOver('room', 2)
  await expect.poll(() => bus.log('room').texts, { timeout: 3_000 }).toEqual(['one', 'two', 'three'])
  await expect.poll(() => heard.length).toBe(5)
  expect(breaks).toMatchObject([
    { reason: 'fork', fork: 1, last: { epoch: 'e1', offset: 3 }, next: { epoch: 'e2', offset: 1 } },
  ])
  expect(heard.map(({ data, offset }) => [data, offset]).slice(3)).toEqual([
    ['two', 2],
    ['three', 3],
  ])
  // And again, with nothing lost: nobody notices.
  bus.failOver('room', 0)
  bus.say('room', 1)
  await expect.poll(() => heard.length).toBe(6)
  // It asked again, and the log had it.
  await expect.poll(() => bus.duplicates, { timeout: 3_000 }).toBe(1)
  expect(bus.log('room').texts).toEqual(['one', 'two', 'three', 'e3/4'])
  expect(breaks).toHaveLength(1)
  expect(errors).toEqual([])
  expect(hub.stats().breaks).toBe(1)
})

test('what cannot be put back is reported to the client that published it', async () => {
  const { bus, errors, publisher } = await idlePublisher()
  bus.failOver('room', 3)
  await expect.poll(() => errors.length, { timeout: 3_000 }).toBe(1)
  expect(errors[0]?.error.code).toBe('uncertain')
  expect(bus.log('room').texts).toEqual([])
  expect(await publisher.publish('room', 'four')).toMatchObject({ offset: 1 })
})
