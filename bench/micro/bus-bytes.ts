import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Hub, WsListener } from 'oyez'
import { RedisBus } from 'oyez/bus/redis'
import { Client } from 'oyez/client'
import { redisClient } from '../programs/redis-client.ts'
import { Redis } from '../redis.ts'
import type { Table } from '../report/table.ts'
import { CHANNEL, payloadOf, SIZES, USER } from './sample.ts'

const MESSAGES = 1_000
/** Of which one has a subscriber. */
const NODES = [2, 8]
const TUTORIAL_CHANNEL = 'messages'

/** One kind of message: its bytes as Redis publishes them, and all that went into and out of Redis for it. */
interface BusFigures {
  readonly published: number
  readonly written: number
  readonly read: number
}

/** What is published, and where. */
interface BusCase {
  readonly redis: Redis
  readonly json: string
  readonly nodes: number
}

/**
 * Bytes of one publication on the bus, counted by a real Redis: the message as it is published, without the name of its pub/sub channel, and everything
 * that nodes and Redis said to each other for it.
 */
export async function busBytes(): Promise<Table> {
  const redis = await Redis.start()
  try {
    const rows: string[][] = []
    for (const nodes of NODES) {
      const programs: readonly (readonly [string, (where: BusCase) => Promise<BusFigures>])[] = [
        ["the tutorial's JSON", tutorial],
        ['oyez, published by the server', (where) => oyez(where, 'server')],
        ['oyez, published by a client', (where) => oyez(where, 'client')],
      ]
      for (const [name, measure] of programs) {
        const row = [`${name}, ${nodes} nodes`]
        for (const size of SIZES) {
          const { published, written, read } = await measure({ redis, json: payloadOf(size), nodes })
          row.push(...[published, written, read].map((bytes) => bytes.toLocaleString('en')))
        }
        rows.push(row)
      }
    }
    const columns = SIZES.flatMap((size) =>
      ['message', 'into Redis', 'out of Redis'].map((what) => `${size} bytes: ${what}`),
    )
    return { title: 'bytes of a message on the bus', columns: ['', ...columns], rows }
  } finally {
    await redis.close()
  }
}

/** Every node hears every message. */
async function tutorial({ redis, json, nodes }: BusCase): Promise<BusFigures> {
  const publisher = await redisClient(redis.url)
  const hearing = await Promise.all(Array.from({ length: nodes }, () => redisClient(redis.url)))
  const text = `{"type":"publish","channel":"${CHANNEL}","data":${json}}`
  let heard = 0
  for (const node of hearing) await node.subscribe(TUTORIAL_CHANNEL, () => (heard += 1))
  const traffic = await redis.trafficOf(async () => {
    for (let n = 0; n < MESSAGES; n++) await publisher.publish(TUTORIAL_CHANNEL, text)
    while (heard < nodes * MESSAGES) await pause(5)
  })
  for (const client of [publisher, ...hearing]) client.destroy()
  return { published: text.length, ...perMessage(traffic) }
}

async function oyez({ redis, json, nodes }: BusCase, by: 'server' | 'client'): Promise<BusFigures> {
  await redis.empty()
  const hubs = Array.from({ length: nodes }, () => {
    return new Hub({
      bus: new RedisBus({ url: redis.url }),
      authenticate: ({ token }) => ({ userId: token }),
      channels: { defaults: { publish: 'anyone' } },
    })
  })
  const [north, south] = hubs
  if (north === undefined || south === undefined) throw new Error('two nodes are needed')
  const closing: (() => unknown)[] = []
  const clientAt = async (hub: Hub): Promise<Client> => {
    const server = createServer()
    new WsListener(hub).attach(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = new Client(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/connection/websocket`, {
      token: USER,
    })
    client.connect()
    await client.ready()
    closing.push(
      () => client.disconnect(),
      () => server.close(),
    )
    return client
  }
  for (const hub of hubs) await hub.start()
  try {
    const publisher = await clientAt(north)
    const subscription = (await clientAt(south)).subscription(CHANNEL)
    let heard = 0
    subscription.on('publication', () => (heard += 1))
    const subscribed = new Promise((resolve) => subscription.on('subscribed', resolve))
    subscription.subscribe()
    await subscribed
    const data: unknown = JSON.parse(json)
    const publish = (): Promise<unknown> =>
      by === 'client' ? publisher.publish(CHANNEL, data) : north.publish(CHANNEL, data)
    const published = await lengthOf(redis, publish)
    const before = heard
    const traffic = await redis.trafficOf(async () => {
      for (let n = 0; n < MESSAGES; n++) await publish()
      while (heard < before + MESSAGES) await pause(5)
    })
    return { published, ...perMessage(traffic) }
  } finally {
    for (const close of closing) await close()
    for (const hub of hubs) await hub.close()
  }
}

/** Bytes of a message as somebody else hears it who listens to all of Redis. Its offset has four digits, as the measured ones have. */
async function lengthOf(redis: Redis, publish: () => Promise<unknown>): Promise<number> {
  const spy = await redisClient(redis.url)
  for (let n = 0; n < MESSAGES; n++) await publish()
  let length = 0
  await spy.pSubscribe('*', (message: Buffer) => (length = message.length), true)
  await publish()
  while (length === 0) await pause(5)
  spy.destroy()
  return length
}

function perMessage({ written, read }: { readonly written: number; readonly read: number }): {
  readonly written: number
  readonly read: number
} {
  return { written: Math.round(written / MESSAGES), read: Math.round(read / MESSAGES) }
}
