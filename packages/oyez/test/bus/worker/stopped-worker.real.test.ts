import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster, eventually } from '../../fixture/cluster.ts'

interface Said {
  readonly heard: { readonly offset: number }[]
  readonly statuses: { readonly state: string; readonly channels?: string[] }[]
}

interface Stats {
  readonly outstandingBytes: number
  readonly missedHints: number
}

const BOUND = 1_000_000
const COUNT = 10_000
const BYTES = 4_000

describe('a worker that stands still under a flood', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = Cluster.start()
    await cluster.ask('primary', 'serve', { maxOutstandingBytes: BOUND })
    await Promise.all(['writer', 'sleeper'].map((name) => cluster.node(name)))
  })

  afterAll(() => cluster.end())

  it('costs the primary a bounded memory, is told of the gap when it goes on, and misses nothing by reading', async () => {
    await cluster.ask('sleeper', 'subscribe', 'sleeper', ['news', 'quiet'])
    await cluster.ask('writer', 'append', 'writer', 'news', 'before')
    await eventually(
      () => cluster.ask<Said>('sleeper', 'said', 'sleeper'),
      ({ heard }) => heard.length === 1,
    )

    cluster.signal('sleeper', 'SIGSTOP')
    await cluster.ask('writer', 'flood', 'writer', { channel: 'news', count: COUNT, bytes: BYTES })
    const stats = await cluster.ask<Stats>('primary', 'stats')
    expect(stats.outstandingBytes).toBeLessThan(BOUND + 2 * BYTES + 1_000)
    expect(stats.missedHints).toBeGreaterThan((COUNT * BYTES - BOUND * 3) / BYTES)

    cluster.signal('sleeper', 'SIGCONT')
    const { heard, statuses } = await eventually(
      () => cluster.ask<Said>('sleeper', 'said', 'sleeper'),
      (said) => said.statuses.some(({ state }) => state === 'gap'),
    )
    expect(statuses).toEqual([
      { state: 'up', channels: undefined },
      { state: 'gap', channels: ['news'] },
    ])
    const last = heard.at(-1)?.offset ?? 0
    expect(heard.map(({ offset }) => offset)).toEqual(Array.from({ length: last }, (_, index) => index + 1))
    expect(last).toBeLessThan(COUNT + 1)

    const { head } = await cluster.ask<{ head: { epoch: string } }>('writer', 'offsets', 'writer', 'news')
    const after = { epoch: head.epoch, offset: last }
    const read = await cluster.ask<{ offsets: number[] }>('sleeper', 'offsets', 'sleeper', 'news', after)
    expect(read.offsets).toEqual(Array.from({ length: COUNT + 1 - last }, (_, index) => last + 1 + index))

    await cluster.ask('writer', 'append', 'writer', 'news', 'after')
    await eventually(
      () => cluster.ask<Said>('sleeper', 'said', 'sleeper'),
      (said) => said.heard.at(-1)?.offset === COUNT + 2,
    )
    expect(await cluster.ask('primary', 'stats')).toMatchObject({ outstandingBytes: 0 })
  })
})
