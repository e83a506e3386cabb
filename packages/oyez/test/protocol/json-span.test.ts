import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NestingError, rawMember } from '../../src/protocol/json-span.ts'

/** JSON text with spaces where they are allowed. */
const spaced = fc
  .tuple(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(0, 1, 2, '\t'))
  .map(([value, indent]) => JSON.stringify(value, null, indent))

describe('the source text of a member', () => {
  it('is exactly the text that stands there, whatever stands around it', () => {
    fc.assert(
      fc.property(fc.tuple(spaced, spaced, spaced), fc.string(), ([before, wanted, after], name) => {
        fc.pre(name !== 'data' && name !== 'publish')
        const key = JSON.stringify(name)
        const text = ` { ${key}:${before}, "publish" :{"x":${after},"data": ${wanted} ,${key}:${before}},"z":${after}}`
        expect(rawMember(text, ['publish', 'data'])).toBe(wanted)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is there exactly when the parsed object has it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('data', 'dat', 'data ', '', '"', '\\', '\\"data'), fc.jsonValue()),
        (fields) => {
          const found = rawMember(JSON.stringify({ publish: fields }), ['publish', 'data'])
          expect(found === undefined ? undefined : JSON.parse(found)).toEqual(
            'data' in fields ? JSON.parse(JSON.stringify(fields['data'])) : undefined,
          )
        },
      ),
    )
  })

  it.each(['{"publish":[{"data":1}]}', '{"publish":"data"}', '[]', '7', '{}', '{"data":1}'])(
    'is not found in %s',
    (text) => {
      expect(rawMember(text, ['publish', 'data'])).toBeUndefined()
    },
  )

  it('may be nested 128 levels deep and no deeper', () => {
    const nested = (levels: number): string => '[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2)
    expect(rawMember(`{"publish":{"data":${nested(128)}}}`, ['publish', 'data'])).toBe(nested(128))
    expect(() => rawMember(`{"publish":{"data":${nested(130)}}}`, ['publish', 'data'])).toThrow(NestingError)
  })
})
