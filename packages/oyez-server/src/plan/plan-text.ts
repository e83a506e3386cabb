import { ASSUMPTIONS, type Assumption } from './assumptions.ts'
import type { Capacity } from './capacity.ts'
import { isWithinReach, planLines } from './plan-lines.ts'
import type { Measured, UnitCosts } from './unit-costs.ts'
import type { Workload } from './workload.ts'

const NAME_WIDTH = 20
const VALUE_WIDTH = 22

/** The whole plan as text: the figures, where they come from, and what was taken for granted. */
export function planText(workload: Workload, capacity: Capacity, measured: Measured<UnitCosts>): string {
  const mark = isWithinReach(capacity, workload, measured) ? '' : '  [computed]'
  const lines: string[] = []
  for (const [heading, entries] of planLines(workload, capacity)) {
    lines.push(`${heading}${mark}`)
    for (const [name, value, remark = ''] of entries) {
      lines.push(
        `  ${name.padEnd(NAME_WIDTH)}${value.padEnd(VALUE_WIDTH)}${remark === '' ? '' : `  ${remark}`}`.trimEnd(),
      )
    }
    lines.push('')
  }
  return `${[...lines, ...sources(measured, mark !== ''), ...assumptions()].join('\n')}\n`
}

function sources({ on, with: machine, by, reach, values }: Measured<UnitCosts>, isComputed: boolean): string[] {
  const reached =
    `${reach.connections.toLocaleString('en')} connections, ${reach.nodes} nodes, ` +
    `${reach.deliveriesPerSecond.toLocaleString('en')} deliveries/s`
  return [
    'Measured',
    `  on ${on}, ${machine}`,
    `  by ${by}`,
    `  with up to ${reached}${isComputed ? '; this plan goes beyond that and was computed, not run' : ''}`,
    ...Object.entries<number>({ ...values }).map(
      ([name, value]) => `  ${words(name).padEnd(NAME_WIDTH)}${unitOf(name, value)}`,
    ),
    '',
  ]
}

function assumptions(): string[] {
  return [
    'Assumed, not measured',
    ...Object.values(ASSUMPTIONS).map(
      ({ value, unit, because }: Assumption) =>
        `  ${value.toLocaleString('en', { maximumFractionDigits: 6 })} ${unit}: ${because}`,
    ),
  ]
}

function words(name: string): string {
  return name.replace(/(Us|Bytes)$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function unitOf(name: string, value: number): string {
  return name.endsWith('Us') ? `${value.toLocaleString('en')} µs of CPU` : `${value.toLocaleString('en')} bytes`
}
