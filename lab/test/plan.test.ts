import { expect, it } from 'vitest'
import { Random } from '../random.ts'
import { faults } from '../scenario/faults.ts'
import { scenarios } from '../scenario/scenarios.ts'

const ROUNDS = 40

function planOf(scenario: (typeof scenarios)[number], seed: number): unknown[] {
  return Array.from({ length: ROUNDS }, (_, round) => scenario.plan(Random.branch(seed, round), round))
}

it.each(scenarios)('$name: the same seed gives the same plan', (scenario) => {
  expect(planOf(scenario, 7)).toEqual(planOf(scenario, 7))
})

it('another seed gives another plan', () => {
  const mixed = scenarios.find(({ name }) => name === 'mixed')
  expect(mixed).toBeDefined()
  if (mixed !== undefined) expect(planOf(mixed, 7)).not.toEqual(planOf(mixed, 8))
})

it.each(scenarios)('$name: every fault of its plans exists', (scenario) => {
  const steps = [1, 2, 3].flatMap((seed) => planOf(scenario, seed) as { fault: string }[])
  if (scenario.last !== undefined) steps.push(scenario.last)
  expect(steps.map(({ fault }) => fault).filter((fault) => faults[fault] === undefined)).toEqual([])
})

it('names and summaries tell scenarios apart', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
  expect(new Set(scenarios.map(({ summary }) => summary)).size).toBe(scenarios.length)
})
