import { beforeAll, expect, test } from 'vitest'
import { plantNames } from '../simulation/plant.ts'
import { buildLab, runLab } from './lab-program.ts'

beforeAll(buildLab)

test('in two thousand worlds nothing is lost, repeated, out of order, unjustified or left over', {
  timeout: 900_000,
}, async () => {
  const { code, output } = await runLab('simulation', '--seeds', '2000')
  expect(output).toMatch(/^2000 worlds, 0 failed/m)
  expect(code).toBe(0)
})

test.each(plantNames)('a planted fault is found within 200 worlds: %s', { timeout: 300_000 }, async (name) => {
  const { code, output } = await runLab('simulation', '--seeds', '200', '--until-found', '--plant', name)
  expect(output).toMatch(/^PROBLEM /m)
  expect(output).toMatch(/^world \d+ is not as promised/m)
  expect(code).toBe(1)
})

test('a world is the same for the same seed, event by event', { timeout: 60_000 }, async () => {
  const [first, second, other] = await Promise.all(
    [7, 7, 8].map((seed) => runLab('simulation', '--seeds', '1', '--from', String(seed))),
  )
  expect(first?.output.length).toBeGreaterThan(10_000)
  expect(second).toEqual(first)
  expect(other).not.toEqual(first)
})
