import { beforeAll, describe, expect, it } from 'vitest'
import { mutants } from '../program/mutants.ts'
import { buildLab } from './lab-program.ts'
import { labRun } from './lab-run.ts'

/** What each planted fault is tried on, and what the checker must find. */
const EXPECTED: Readonly<Record<string, { readonly scenario: string; readonly findings: readonly string[] }>> = {
  'no-audit': { scenario: 'mutant-flush', findings: ['late'] },
  'no-fence': { scenario: 'mutant-cuts', findings: ['different'] },
  'no-resync': { scenario: 'mutant-cuts', findings: ['behind'] },
  'drop-hints': { scenario: 'mutant-hints', findings: ['behind'] },
  'repeat-on-reconnect': { scenario: 'mutant-cuts', findings: ['repeated'] },
  'no-sequence': { scenario: 'mutant-cuts', findings: ['storedTwice', 'logReordered'] },
  'forget-appends': { scenario: 'mutant-cuts', findings: ['untruthfulAck', 'ackedMissing'] },
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
      const { green, findings, output, deliveries, code } = await labRun(scenario, { mutant: 'none' })
      expect({ green, findings, code }, output).toEqual({ green: true, findings: {}, code: 0 })
      expect(deliveries).toBeGreaterThan(200)
    },
    DEADLINE_MS,
  )

  it.each(Object.entries(EXPECTED))(
    '%s turns it red',
    async (mutant, { scenario, findings: expected }) => {
      const { green, findings, output, code, failure } = await labRun(scenario, { mutant })
      expect({ green, code, failure }, output).toEqual({ green: false, code: 1, failure: undefined })
      expect(
        Object.keys(findings).some((kind) => expected.includes(kind)),
        output,
      ).toBe(true)
    },
    DEADLINE_MS,
  )
})
