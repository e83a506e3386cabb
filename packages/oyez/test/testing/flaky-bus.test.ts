import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { busChecks, FlakyBus } from '../../src/testing/index.ts'
import { MemoryBroker } from '../../src/bus/memory/index.ts'

const retention = { size: 10, ttlMs: 60_000, metaTtlMs: 60_000 }

describe('a flaky bus that is left alone keeps the bus contract', () => {
  for (const check of busChecks) {
    it(check.name, () => {
      const broker = new MemoryBroker()
      return check.run(() => ({ connect: () => new FlakyBus(new MemoryBus({ broker })) }))
    })
  }
})

describe('a flaky bus', () => {
  let bus: FlakyBus
  let heard: (number | undefined)[]
  let states: string[]

  beforeEach(async () => {
    bus = new FlakyBus(new MemoryBus())
    heard = []
    states = []
    await bus.start({
      onPublication: (_, __, position) => heard.push(position?.offset),
      onStatus: ({ state }) => states.push(state),
    })
    await bus.subscribe(['c'])
  })

  afterEach(() => bus.close())

  const append = () => bus.append({ channel: 'c', record: Uint8Array.of(1), retention })

  it('loses the next hints and no more', async () => {
    bus.dropNextHints(2)
    for (const _ of [1, 2, 3]) await append()
    expect(heard).toEqual([3])
    expect(bus.dropped).toBe(2)
  })

  it('loses the hints that a test picks', async () => {
    bus.dropHints(({ position }) => position?.offset === 2)
    for (const _ of [1, 2, 3]) await append()
    bus.dropNone()
    await append()
    expect(heard).toEqual([1, 3, 4])
  })

  it('holds hints back and delivers them in order', async () => {
    bus.holdHints()
    for (const _ of [1, 2]) await append()
    expect(heard).toEqual([])
    bus.releaseHints()
    expect(heard).toEqual([1, 2])
  })

  it('holds calls back until they are released', async () => {
    bus.hold('append')
    const pending = append()
    expect(bus.held('append')).toBe(1)
    expect(await bus.heads(['c'])).toEqual([undefined])
    bus.release('append')
    expect((await pending).kind).toBe('appended')
  })

  it('rejects what was held when it is closed', async () => {
    bus.hold('append')
    const pending = append()
    await bus.close()
    await expect(pending).rejects.toMatchObject({ code: 'closed' })
  })

  it('fails a call without carrying it out, and loses an answer after carrying it out', async () => {
    bus.failNext('append')
    await expect(append()).rejects.toMatchObject({ code: 'unavailable' })
    bus.loseNextAnswer('append')
    await expect(append()).rejects.toMatchObject({ code: 'uncertain' })
    expect((await bus.heads(['c']))[0]?.offset).toBe(1)
    expect((await append()).kind).toBe('appended')
  })

  it('is down and comes up again with a gap', async () => {
    bus.goDown()
    await expect(append()).rejects.toMatchObject({ code: 'unavailable' })
    bus.comeUp()
    await append()
    expect(states).toEqual(['up', 'down', 'up', 'gap'])
    expect(heard).toEqual([1])
  })
})
