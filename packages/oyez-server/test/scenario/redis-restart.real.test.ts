import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Herald } from './herald.ts'
import { INNOCENT, judge } from './judge.ts'
import { Town } from './town.ts'
import { Witness } from './witness.ts'

const CHANNEL = 'square:restart'
const RESTARTS = 3

describe('killing and restarting Redis under load, with every write on disk', () => {
  let town: Town
  beforeAll(async () => {
    town = await Town.found(2, { appendOnly: true })
  })
  afterAll(() => town.ruin())

  it('loses nothing, repeats nothing, reorders nothing, and declares no break', async () => {
    const witnesses = Array.from({ length: 4 }, (_, i) => new Witness(`witness-${i}`, town.urls, CHANNEL))
    const heralds = Array.from({ length: 2 }, (_, i) => new Herald(`herald-${i}`, town.urls, CHANNEL))
    await Promise.all(heralds.map((herald) => herald.ready()))
    await expect.poll(() => witnesses.every(({ isSubscribed }) => isSubscribed), { timeout: 10_000 }).toBe(true)
    for (const herald of heralds) herald.start(100)

    for (let restart = 0; restart < RESTARTS; restart++) {
      const before = heralds.map(({ acknowledged }) => acknowledged.length)
      await expect
        .poll(() => heralds.every(({ acknowledged }, i) => acknowledged.length > (before[i] ?? 0) + 50), {
          timeout: 30_000,
        })
        .toBe(true)
      await town.redis.kill()
      await town.redis.restart()
    }
    await Promise.all(heralds.map((herald) => herald.finish()))
    const log = await town.log(CHANNEL)
    const last = log.at(-1)?.offset ?? 0
    await expect.poll(() => witnesses.every(({ lastOffset }) => lastOffset === last), { timeout: 30_000 }).toBe(true)

    expect(judge(log, heralds, witnesses)).toEqual(INNOCENT)
    expect(witnesses.flatMap(({ breaks }) => breaks)).toEqual([])
    expect(heralds.flatMap(({ rejected }) => rejected)).toEqual([])
    expect(log).toHaveLength(heralds.reduce((sum, { sent }) => sum + sent, 0))
    // The subscribers stayed connected all the while.
    expect(witnesses.map(({ nodes }) => nodes.length)).toEqual([1, 1, 1, 1])
    for (const one of [...heralds, ...witnesses]) one.close()
  })
})
