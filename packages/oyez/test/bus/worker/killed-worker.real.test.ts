import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster, eventually } from '../../fixture/cluster.ts'

interface Said {
  readonly heard: { readonly offset: number }[]
}

describe('a worker that is killed under load', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = Cluster.start()
    await cluster.ask('primary', 'serve')
    await Promise.all(['writer', 'reader', 'victim'].map((name) => cluster.node(name)))
  })

  afterAll(() => cluster.end())

  it('harms neither the primary nor the others, and is forgotten', async () => {
    await cluster.ask('reader', 'subscribe', 'reader', ['news'])
    await cluster.ask('victim', 'subscribe', 'victim', ['news', 'only-the-victim'])
    expect(await cluster.ask('primary', 'stats')).toMatchObject({ buses: 3, channels: 2 })

    const flood = cluster.ask('writer', 'flood', 'writer', { channel: 'news', count: 20_000, bytes: 500 })
    await eventually(
      () => cluster.ask<Said>('reader', 'said', 'reader'),
      ({ heard }) => heard.length > 1_000,
    )
    cluster.signal('victim', 'SIGKILL')
    await flood

    const { heard } = await eventually(
      () => cluster.ask<Said>('reader', 'said', 'reader'),
      (said) => said.heard.at(-1)?.offset === 20_000,
    )
    expect(heard.length).toBe(20_000)
    expect(cluster.alive).toBe(true)
    await eventually(
      () => cluster.ask<object>('primary', 'stats'),
      (stats) => JSON.stringify(stats).startsWith('{"buses":2,"channels":1,'),
    )

    await cluster.node('heir')
    const read = await cluster.ask<{ offsets: number[] }>('heir', 'offsets', 'heir', 'news')
    expect(read.offsets.length).toBe(20_000)
  })
})
