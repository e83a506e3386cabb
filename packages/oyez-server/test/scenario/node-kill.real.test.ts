import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Herald } from './herald.ts'
import { INNOCENT, judge } from './judge.ts'
import { Town } from './town.ts'
import { Witness } from './witness.ts'

const CHANNEL = 'square:kill'
const KILLS = 6

describe('killing nodes under load', () => {
  let town: Town
  beforeAll(async () => {
    town = await Town.found(3)
  })
  afterAll(() => town.ruin())

  it('loses nothing, repeats nothing, reorders nothing, and declares no break', async () => {
    const witnesses = Array.from({ length: 6 }, (_, i) => new Witness(`witness-${i}`, town.urls, CHANNEL))
    const heralds = Array.from({ length: 3 }, (_, i) => new Herald(`herald-${i}`, town.urls, CHANNEL))
    await Promise.all(heralds.map((herald) => herald.ready()))
    await expect.poll(() => witnesses.every(({ isSubscribed }) => isSubscribed), { timeout: 10_000 }).toBe(true)
    for (const herald of heralds) herald.start(150)

    for (let kill = 0; kill < KILLS; kill++) {
      const index = kill % 3
      const before = heralds.map(({ acknowledged }) => acknowledged.length)
      await town.killNode(index)
      await town.startNode(index)
      // Every herald gets its messages through again, wherever it was connected, before the next node dies.
      await expect
        .poll(() => heralds.every(({ acknowledged }, i) => acknowledged.length > (before[i] ?? 0) + 50), {
          timeout: 20_000,
        })
        .toBe(true)
    }
    await Promise.all(heralds.map((herald) => herald.finish()))
    const log = await town.log(CHANNEL)
    const last = log.at(-1)?.offset ?? 0
    await expect.poll(() => witnesses.every(({ lastOffset }) => lastOffset === last), { timeout: 30_000 }).toBe(true)

    expect(judge(log, heralds, witnesses)).toEqual(INNOCENT)
    expect(witnesses.flatMap(({ breaks }) => breaks)).toEqual([])
    expect(heralds.flatMap(({ rejected }) => rejected)).toEqual([])
    // All that was sent is stored, and the kills did hit somebody.
    expect(log).toHaveLength(heralds.reduce((sum, { sent }) => sum + sent, 0))
    expect(witnesses.reduce((sum, { nodes }) => sum + nodes.length - 1, 0)).toBeGreaterThanOrEqual(KILLS)
    for (const one of [...heralds, ...witnesses]) one.close()
  })
})
