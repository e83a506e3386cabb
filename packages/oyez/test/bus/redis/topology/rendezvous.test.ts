import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Rendezvous } from '../../../../src/bus/redis/topology/rendezvous.ts'

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 2, maxLength: 12 })
const names = fc.array(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 200 })

function winner(places: readonly string[], name: string): string | undefined {
  return places[new Rendezvous(places).placeOf(name)]
}

it('the order in which the places are given does not matter', () => {
  fc.assert(
    fc.property(ids, names, fc.integer(), (places, channels, seed) => {
      const shuffled = places.toSorted((a, b) => ((seed ^ a.length) % 3) - ((seed ^ b.length) % 3)).toReversed()
      for (const name of channels) expect(winner(shuffled, name)).toBe(winner(places, name))
    }),
  )
})

it('a place that is taken away moves its own channels and no others', () => {
  fc.assert(
    fc.property(ids, names, fc.nat(), (places, channels, pick) => {
      const gone = places[pick % places.length]
      const left = places.filter((place) => place !== gone)
      for (const name of channels) {
        const before = winner(places, name)
        if (before !== gone) expect(winner(left, name)).toBe(before)
      }
    }),
  )
})

it('channels are spread evenly, also when names and places look alike', () => {
  const sets = [
    ['10.0.0.1:6379/0', '10.0.0.2:6379/0', '10.0.0.3:6379/0'],
    Array.from({ length: 10 }, (_, n) => `redis-${n}`),
    ['a', 'b'],
  ]
  for (const places of sets) {
    const rendezvous = new Rendezvous(places)
    for (const form of [(n: number) => `room:${n}`, (n: number) => `#${n * 7919}`, (n: number) => `${n}`]) {
      const counts = places.map(() => 0)
      for (let n = 0; n < 20_000; n++) counts[rendezvous.placeOf(form(n))]! += 1
      const fair = 20_000 / places.length
      for (const count of counts) expect(Math.abs(count - fair) / fair).toBeLessThan(0.08)
    }
  }
})

it('where channels belong never changes', () => {
  const rendezvous = new Rendezvous(['one', 'two', 'three'])
  expect(
    ['room:1', 'room:2', '#bob', 'häuser', '@control'].map((name) => rendezvous.placeOf(name)),
  ).toMatchInlineSnapshot(`
    [
      1,
      1,
      0,
      1,
      2,
    ]
  `)
})
