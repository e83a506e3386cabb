import { afterAll, beforeAll, describe, it } from 'vitest'
import { busChecks } from '../../../src/testing/index.ts'
import { Cluster } from '../../fixture/cluster.ts'

describe('the worker bus keeps the bus contract', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = Cluster.start()
    await cluster.ask('primary', 'serve')
    await cluster.fork('w')
  })

  afterAll(() => cluster.end())

  for (const check of busChecks) {
    it(check.name, async () => {
      await cluster.ask('w', 'conformance', check.name)
    })
  }
})
