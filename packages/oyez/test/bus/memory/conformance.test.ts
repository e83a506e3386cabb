import { describe, it } from 'vitest'
import { MemoryBroker, MemoryBus } from '../../../src/bus/memory/index.ts'
import { busChecks } from '../../../src/testing/index.ts'

describe('the memory bus keeps the bus contract', () => {
  for (const check of busChecks) {
    it(check.name, () => {
      return check.run(() => {
        const broker = new MemoryBroker()
        return { connect: () => new MemoryBus({ broker }) }
      })
    })
  }
})
