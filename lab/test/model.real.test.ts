import { beforeAll, expect, test } from 'vitest'
import { buildLab, runLab } from './lab-program.ts'

/** What the design asks of every build. */
const LEAST_STATES = 770_000

beforeAll(buildLab)

test('every state of every world keeps every rule', { timeout: 600_000 }, async () => {
  const { code, output } = await runLab('model')
  expect(output).toMatch(/no violation/)
  expect(code).toBe(0)
  const [, states = '0'] = /([\d,]+) states, [\d,]+ steps, no violation/.exec(output) ?? []
  expect(Number(states.replaceAll(',', ''))).toBeGreaterThanOrEqual(LEAST_STATES)
})
