import { afterAll, beforeAll } from 'vitest'
import { RedisBus } from '../../src/bus/redis/index.ts'
import { RedisServer } from '../fixture/redis-server.ts'
import { historySizeCases } from './history-size-cases.ts'

let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.cleanup())

historySizeCases('Redis', () => new RedisBus({ url: server.url }))
historySizeCases('Redis with broadcast routing', () => new RedisBus({ url: server.url, routing: 'broadcast' }))
