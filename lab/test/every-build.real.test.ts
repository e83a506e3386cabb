import { beforeAll, describe, expect, it } from 'vitest'
import type { RunSummary } from '../report/summary.ts'
import { buildScenarios } from '../scenario/build-scenarios.ts'
import { buildLab } from './lab-program.ts'
import { labRun } from './lab-run.ts'

/** What every build tries, at least. */
const LEAST = {
  nodeKills: 20,
  clientDisconnects: 5_000,
  hintKills: 50,
  redisRestarts: 3,
  sentinelFailovers: 3,
  lossyFailovers: 1,
  clusterFailovers: 1,
  slotsMoved: 200,
  partitions: 3,
  proxyReloads: 4,
}
const DELIVERIES = 1_000_000
const DEADLINE_MS = 240_000

describe('every build', () => {
  const runs: RunSummary[] = []
  const seed = Number(process.env['OYEZ_LAB_SEED'] ?? 1)

  beforeAll(buildLab, 120_000)

  it.each(buildScenarios)(
    '$name: nothing lost, repeated, reordered or broken without a reason',
    async ({ name }) => {
      const run = await labRun(name, { seed })
      expect({ green: run.green, findings: run.findings, code: run.code }, run.output).toEqual({
        green: true,
        findings: {},
        code: 0,
      })
      runs.push(run)
    },
    DEADLINE_MS,
  )

  it.each(Object.entries(LEAST))('tries enough: %s, %d', (count, least) => {
    expect(runs.reduce((sum, { counts }) => sum + (counts[count] ?? 0), 0)).toBeGreaterThanOrEqual(least)
  })

  it('checks a million deliveries one by one', () => {
    expect(runs.reduce((sum, { deliveries }) => sum + deliveries, 0)).toBeGreaterThanOrEqual(DELIVERIES)
  })
})
