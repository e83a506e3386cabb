import { afterAll, beforeAll } from 'vitest'
import { RedisBus } from '../../src/bus/redis/index.ts'
import { Cluster } from '../fixture/cluster.ts'
import { RedisServer } from '../fixture/redis-server.ts'
import { historyNode, historySizeCases, SHORT_HISTORY } from './history-size-cases.ts'

let server: RedisServer
let workers: Cluster
let forked = 0

beforeAll(async () => {
  server = await RedisServer.start()
  workers = Cluster.start()
  await workers.ask('primary', 'serve')
})
afterAll(async () => {
  await workers.end()
  await server.cleanup()
})

historySizeCases('Redis', (wire) => historyNode(wire, new RedisBus({ url: server.url })))
historySizeCases('Redis with broadcast routing', (wire) =>
  historyNode(wire, new RedisBus({ url: server.url, routing: 'broadcast' })),
)
historySizeCases('worker', async () => {
  const name = `hub-${++forked}`
  await workers.fork(name)
  const url = await workers.ask<string>(name, 'hub', SHORT_HISTORY)
  return { url, publish: (channel, data) => workers.ask<string>(name, 'publish', channel, data) }
})
