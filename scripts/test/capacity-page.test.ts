import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { MEASURED } from '../../packages/oyez-server/dist/plan/unit-costs.js'
import { capacityTables, MEASURED_FILE, PAGE, withTables } from '../capacity-page.mjs'

const measured = JSON.parse(readFileSync(MEASURED_FILE, 'utf8')) as Parameters<typeof capacityTables>[0]

it('the unit costs of the plan are those that were measured, to three digits', () => {
  const rounded = Object.fromEntries(
    Object.entries(measured.units).map(([name, value]) => [name, Number(value.toPrecision(3))]),
  )
  expect(MEASURED.values).toEqual(rounded)
})

it('the tables of docs/capacity.md are those of the last measurement and of the plan as it computes now', () => {
  const page = readFileSync(PAGE, 'utf8')
  expect(withTables(page, capacityTables(measured))).toBe(page)
})
