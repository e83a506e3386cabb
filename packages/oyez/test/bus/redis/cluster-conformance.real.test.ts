import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { busChecks } from '../../../src/testing/bus-conformance.ts'
import { RedisClusterServers } from '../../fixture/redis-cluster.ts'

let cluster: RedisClusterServers

beforeAll(async () => {
  cluster = await RedisClusterServers.start()
})
afterAll(() => cluster.cleanup())

describe('RedisBus over a Redis Cluster keeps the bus contract', () => {
  for (const check of busChecks) {
    it(check.name, () => check.run(() => ({ connect: () => new RedisBus({ url: cluster.url }) })))
  }
})
