import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Town } from './town.ts'
import { Witness } from './witness.ts'

describe('when Redis is gone', () => {
  let town: Town
  const witnesses: Witness[] = []

  beforeAll(async () => {
    town = await Town.found(2)
  })

  afterAll(async () => {
    for (const witness of witnesses) witness.close()
    await town.ruin()
  })

  it('publishers get an error within five seconds, subscribers stay connected, everything resumes, and the lost log is announced', async () => {
    const channels = ['square:busy', 'square:quiet']
    for (const channel of channels) {
      for (let i = 0; i < 2; i++) witnesses.push(new Witness(`witness-${channel}-${i}`, town.urls, channel))
    }
    await expect.poll(() => witnesses.every(({ isSubscribed }) => isSubscribed), { timeout: 10_000 }).toBe(true)
    for (const channel of channels) await town.node(0).api('publish', { channel, data: { herald: 'server', n: 1 } })
    await expect.poll(() => witnesses.map(({ lastOffset }) => lastOffset), { timeout: 10_000 }).toEqual([1, 1, 1, 1])

    await town.redis.kill()
    const asked = performance.now()
    const answer = await town.node(0).api('publish', { channel: 'square:busy', data: { herald: 'server', n: 2 } })
    expect(answer).toMatchObject({ error: { code: 100 } })
    expect(performance.now() - asked).toBeLessThan(5_500)
    await expect.poll(async () => (await fetch(`${town.node(0).url}/ready`)).status, { timeout: 10_000 }).toBe(503)
    expect((await fetch(`${town.node(0).url}/health`)).status).toBe(200)

    // It comes back with nothing in it: every subscriber must hear of it, also those of channels on which nobody speaks.
    await town.redis.restart()
    await expect
      .poll(() => witnesses.map(({ breaks }) => breaks.map(({ reason }) => reason)), { timeout: 15_000 })
      .toEqual([['new-log'], ['new-log'], ['new-log'], ['new-log']])
    expect(witnesses.map(({ nodes }) => nodes.length)).toEqual([1, 1, 1, 1])
    await expect.poll(async () => (await fetch(`${town.node(0).url}/ready`)).status, { timeout: 10_000 }).toBe(200)

    for (const channel of channels) {
      expect(await town.node(1).api('publish', { channel, data: { herald: 'server', n: 3 } })).toMatchObject({
        result: { offset: 1 },
      })
    }
    await expect
      .poll(() => witnesses.map(({ received }) => received.map(({ cry }) => cry.n)), { timeout: 10_000 })
      .toEqual([
        [1, 3],
        [1, 3],
        [1, 3],
        [1, 3],
      ])
    expect(witnesses.every(({ breaks }) => breaks.length === 1)).toBe(true)
  })
})
