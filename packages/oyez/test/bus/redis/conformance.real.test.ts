import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { busChecks } from '../../../src/testing/bus-conformance.ts'
import { RedisServer } from '../../fixture/redis-server.ts'

let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.cleanup())

for (const routing of ['interest', 'broadcast'] as const) {
  describe(`RedisBus with ${routing} routing keeps the bus contract`, () => {
    for (const check of busChecks) {
      it(check.name, () =>
        check.run(() => ({ connect: () => new RedisBus({ url: server.url, routing, prefix: `oyez-${routing}` }) })),
      )
    }
  })
}
