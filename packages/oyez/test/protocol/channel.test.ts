import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { channelProblem, namespaceOf, personalChannel, userOfPersonalChannel } from '../../src/protocol/channel.ts'

describe('a channel name', () => {
  it('is measured in bytes of UTF-8', () => {
    const character = fc.constantFrom('a', 'é', '€', '🔔')
    fc.assert(
      fc.property(fc.array(character, { minLength: 1, maxLength: 300 }), (characters) => {
        const name = characters.join('')
        const isLong = Buffer.byteLength(name) > 255
        expect(channelProblem(name)).toBe(isLong ? 'channel name is longer than 255 bytes' : undefined)
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is accepted has a UTF-8 form, no control character, and is not reserved', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        if (channelProblem(name) !== undefined) return
        expect(Buffer.from(name).toString()).toBe(name)
        expect(name).not.toMatch(/\p{Cc}/u)
        expect(name).not.toMatch(/^@|^$/)
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is personal belongs to its user', () => {
    expect(userOfPersonalChannel(personalChannel('bob'))).toBe('bob')
    expect(userOfPersonalChannel('bob')).toBeUndefined()
  })

  it.each([
    ['room:42', 'room'],
    ['room:a:b', 'room'],
    ['room', ''],
    [':x', ''],
  ])('%s is in the namespace "%s"', (channel, namespace) => {
    expect(namespaceOf(channel)).toBe(namespace)
  })
})
