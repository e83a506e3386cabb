import fc from 'fast-check'
import { expect, it } from 'vitest'
import { escapeChannel, KeySpace } from '../../../src/bus/redis/key-space.ts'

const keys = new KeySpace('oyez')
const name = fc.oneof(fc.string({ maxLength: 20 }), fc.stringMatching(/^[{}%a7BD:]{0,8}$/))

it('the hash tag of a channel is its whole escaped name, whatever the name', () => {
  fc.assert(
    fc.property(name, (channel) => {
      for (const key of [keys.meta(channel), keys.log(channel)]) {
        const open = key.indexOf('{')
        expect(key.slice(open + 1, key.indexOf('}', open))).toBe(escapeChannel(channel))
      }
    }),
  )
})

it('two channels never share a key or a pub/sub channel', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      fc.pre(one !== other)
      expect(keys.meta(one)).not.toBe(keys.meta(other))
      expect(keys.log(one)).not.toBe(keys.log(other))
      expect(keys.hints(one)).not.toBe(keys.hints(other))
    }),
  )
})

it('no channel has the pub/sub channel of all or of a probe', () => {
  fc.assert(
    fc.property(name, (channel) => {
      expect(keys.hints(channel)).not.toBe(keys.allHints)
      expect(keys.hints(channel).startsWith('oyez:probe:')).toBe(false)
    }),
  )
})

it('names stay the same however many others were asked for in between', () => {
  const names = (): string[] =>
    ['a', '{b}', 'c%'].flatMap((channel) => [keys.meta(channel), keys.log(channel), keys.hints(channel)])
  const before = names()
  for (let n = 0; n < 20_000; n++) keys.log(`other-${n}`)
  expect(names()).toEqual(before)
})

it('the names of pub/sub channels differ between databases and prefixes, those of keys are the same in each', () => {
  const spaces = [0, 1, 15].flatMap((database) =>
    ['oyez', 'oyez:1', 'oyez/1'].map((prefix) => new KeySpace(prefix, { database })),
  )
  for (const pick of [(space: KeySpace) => space.hints('room'), (space: KeySpace) => space.allHints]) {
    expect(new Set(spaces.map(pick)).size).toBe(spaces.length)
  }
  for (const space of spaces) {
    expect(space.hints('room')).toMatch(/^oyez[:/]/)
    expect(space.probe('x')).toMatch(/^oyez[:/]/)
  }
  const one = new KeySpace('oyez', { database: 1 })
  expect([one.meta('room'), one.log('room'), one.fence('room')]).toEqual([
    keys.meta('room'),
    keys.log('room'),
    keys.fence('room'),
  ])
  expect(new KeySpace('oyez', { database: 0 }).hints('room')).toBe('oyez:{room}:h')
})
