import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { busChecks } from '../../../src/testing/bus-conformance.ts'
import { SentinelTrio } from '../../fixture/sentinel-trio.ts'

let trio: SentinelTrio

beforeAll(async () => {
  trio = await SentinelTrio.start()
})
afterAll(() => trio.cleanup())

describe('RedisBus over Redis Sentinel keeps the bus contract', () => {
  for (const check of busChecks) {
    it(check.name, () => check.run(() => ({ connect: () => new RedisBus({ url: trio.url }) })))
  }
})
