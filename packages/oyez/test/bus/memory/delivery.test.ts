import { describe, expect, it } from 'vitest'
import { MemoryBroker, MemoryBus } from '../../../src/bus/memory/index.ts'

const retention = { size: 10, ttlMs: 1_000, metaTtlMs: 5_000 }
const record = Uint8Array.of(1)

describe('hints of the memory bus', () => {
  it('come after the step that published, all of them before the next turn of the event loop', async () => {
    const bus = new MemoryBus()
    const log: string[] = []
    await bus.start({ onPublication: (_, __, position) => log.push(`hint ${position?.offset}`), onStatus: () => {} })
    await bus.subscribe(['c'])
    const nextTurn = new Promise<void>((resolve) => setImmediate(() => resolve(void log.push('next turn'))))
    void bus.append({ channel: 'c', record, retention })
    void bus.append({ channel: 'c', record, retention })
    log.push('end of step')
    await nextTurn
    expect(log).toEqual(['end of step', 'hint 1', 'hint 2', 'next turn'])
    await bus.close()
  })

  it('that wait for a bus are gone when it is closed from a handler', async () => {
    const bus = new MemoryBus()
    let heard = 0
    await bus.start({
      onPublication: () => {
        heard += 1
        void bus.close()
      },
      onStatus: () => {},
    })
    await bus.subscribe(['c'])
    await Promise.all([1, 2, 3].map(() => bus.append({ channel: 'c', record, retention })))
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toBe(1)
  })
})

describe('a memory broker', () => {
  it('keeps the logs when all buses have left', async () => {
    const broker = new MemoryBroker()
    const first = new MemoryBus({ broker })
    await first.start({ onPublication: () => {}, onStatus: () => {} })
    const result = await first.append({ channel: 'c', record, retention })
    await first.close()
    const second = new MemoryBus({ broker })
    await second.start({ onPublication: () => {}, onStatus: () => {} })
    expect(await second.heads(['c'])).toEqual(['position' in result && result.position])
    await second.close()
  })

  it('has no part in other brokers', async () => {
    const [one, two] = [new MemoryBus(), new MemoryBus()]
    for (const bus of [one, two]) await bus.start({ onPublication: () => {}, onStatus: () => {} })
    await one.append({ channel: 'c', record, retention })
    expect(await two.heads(['c'])).toEqual([undefined])
    await Promise.all([one.close(), two.close()])
  })
})
