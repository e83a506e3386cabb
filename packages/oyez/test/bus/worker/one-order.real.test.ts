import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Cluster, eventually } from '../../fixture/cluster.ts'

interface Said {
  readonly heard: { readonly channel: string; readonly text: string; readonly offset: number }[]
  readonly statuses: { readonly state: string }[]
}

describe('workers of one cluster', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = Cluster.start()
    await cluster.ask('primary', 'serve')
    await Promise.all(['a', 'b', 'c'].map((name) => cluster.node(name)))
  })

  afterAll(() => cluster.end())

  it('hear the records that all of them append in the same order, without holes', async () => {
    const names = ['a', 'b', 'c']
    await Promise.all(names.map((name) => cluster.ask(name, 'subscribe', name, ['news'])))
    await Promise.all(
      names.map((name) =>
        cluster.ask(name, 'flood', name, { channel: 'news', count: 1_000, bytes: 20, prefix: `${name}-` }),
      ),
    )
    const said = await Promise.all(
      names.map((name) =>
        eventually(
          () => cluster.ask<Said>(name, 'said', name),
          ({ heard }) => heard.length >= 3_000,
        ),
      ),
    )
    const [first] = said
    expect(first?.heard.map(({ offset }) => offset)).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1))
    for (const { heard } of said) expect(heard).toEqual(first?.heard)
    for (const name of names) {
      const own = first?.heard.filter(({ text }) => text.startsWith(name)).map(({ text }) => text.split(/[- ]/)[1])
      expect(own).toEqual(Array.from({ length: 1_000 }, (_, index) => `${index + 1}`))
    }
  })
})
