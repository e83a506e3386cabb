import { beforeAll, describe, expect, it } from 'vitest'
import { mutants } from '../program/mutants.ts'
import { buildLab } from './lab-program.ts'
import { labRun } from './lab-run.ts'

/** What each planted fault is tried on, and what the checker must find. */
const EXPECTED: Readonly<Record<string, { readonly scenario: string; readonly counts: readonly string[] }>> = {
  'no-audit': { scenario: 'mutant-flush', counts: ['late'] },
  'no-fence': { scenario: 'mutant-cuts', counts: ['different'] },
  'no-resync': { scenario: 'mutant-cuts', counts: ['behind'] },
  'drop-hints': { scenario: 'mutant-hints', counts: ['behind'] },
  'repeat-on-reconnect': { scenario: 'mutant-cuts', counts: ['repeated'] },
  'no-sequence': { scenario: 'mutant-cuts', counts: ['storedTwice', 'logReordered'] },
  'forget-appends': { scenario: 'mutant-cuts', counts: ['untruthfulAck', 'ackedMissing'] },
}
const DEADLINE_MS = 120_000

describe('a laboratory that cannot turn red is worthless', () => {
  beforeAll(buildLab, 120_000)

  it('knows of every planted fault', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(
      Object.keys(mutants)
        .filter((name) => name !== 'none')
        .sort(),
    )
  })

  it.each(['mutant-cuts', 'mutant-hints', 'mutant-flush'])(
    '%s is green with the same node program and nothing planted',
    async (scenario) => {
      const { green, counts, output, deliveries, code } = await labRun(scenario, { mutant: 'none' })
      expect({ green, counts, code }, output).toEqual({ green: true, counts: {}, code: 0 })
      expect(deliveries).toBeGreaterThan(200)
    },
    DEADLINE_MS,
  )

  it.each(Object.entries(EXPECTED))(
    '%s turns it red',
    async (mutant, { scenario, counts: expected }) => {
      const { green, counts, output, code, failure } = await labRun(scenario, { mutant })
      expect({ green, code, failure }, output).toEqual({ green: false, code: 1, failure: undefined })
      expect(
        Object.keys(counts).some((kind) => expected.includes(kind)),
        output,
      ).toBe(true)
    },
    DEADLINE_MS,
  )
})
