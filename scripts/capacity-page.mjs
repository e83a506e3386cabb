// @ts-check
// Writes the tables of docs/capacity.md from bench/curve/measured.json and from what `oyez plan` computes for the same loads. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { capacityOf } from '../packages/oyez-server/dist/plan/capacity.js'
import { MEASURED } from '../packages/oyez-server/dist/plan/unit-costs.js'
import { readWorkload } from '../packages/oyez-server/dist/plan/workload.js'
import { root } from './command.mjs'

/**
 * @typedef {object} Point
 * @property {number} nodes
 * @property {number} subscribers
 * @property {number} steadyCpuUs
 * @property {number} fullCpuUs
 */

/**
 * @typedef {object} Measured
 * @property {string} measured
 * @property {number} rounds
 * @property {{ cpu: string, cores: number, memoryGb: number, system: string }} machine
 * @property {Record<string, string>} versions
 * @property {Record<string, number>} units
 * @property {Point[]} points
 * @property {{ bus: string, deliveryUs: number, deliveryAtFullSpeedUs: number, userMessageUs: number }[]} workers
 */

/** Deliveries a second at every point of the curve. */
const STEADY_RATE = 20_000

/**
 * What the plan says a delivery costs at a point, microseconds.
 * @param {Point} point
 */
function computed({ nodes, subscribers }) {
  const load = readWorkload({
    connections: String(subscribers),
    channels: '1',
    subscriptions: '1',
    publications: (STEADY_RATE / subscribers).toFixed(3),
    payloadBytes: '64',
    reconnectsPerHour: '0',
    nodes: String(nodes),
  })
  return capacityOf(load, MEASURED.values)?.cpuUsPerDelivery ?? Number.NaN
}

/**
 * The page's generated part.
 * @param {Measured} measured
 */
export function capacityTables(measured) {
  const { points, workers, units } = measured
  const rows = points.map((point) => ({ ...point, model: computed(point) }))
  const errors = rows.map(({ steadyCpuUs, model }) => Math.abs(model / steadyCpuUs - 1))
  return [
    `Measured on ${measured.measured}, medians of ${measured.rounds} rounds: ${measured.machine.cores} cores of an ${measured.machine.cpu} that others used at the`,
    `same time, ${measured.machine.system.replace(/ \(.*/, '')}, Node ${measured.versions['Node']}, Redis ${measured.versions['Redis']}.`,
    '',
    table([
      ['nodes', 'subscribers', 'measured', 'computed', 'error', 'measured at full speed'],
      ...rows.map(({ nodes, subscribers, steadyCpuUs, fullCpuUs, model }) => [
        String(nodes),
        subscribers.toLocaleString('en'),
        `${steadyCpuUs.toFixed(2)} µs`,
        `${model.toFixed(2)} µs`,
        signed(model / steadyCpuUs - 1),
        `${fullCpuUs.toFixed(2)} µs`,
      ]),
    ]),
    '',
    `The model is off by ${percent(median(errors))} in the median and ${percent(Math.max(...errors))} at most.`,
    '',
    ...flatness(points),
    '',
    'The parts that the model is made of:',
    '',
    table([
      ['part', 'cost'],
      ...Object.entries(units).map(([name, value]) => [
        name,
        name.endsWith('Us') ? `${Number(value.toPrecision(3)).toLocaleString('en')} µs` : bytes(value),
      ]),
    ]),
    '',
    'Two workers on one machine, CPU of all their processes and of Redis:',
    '',
    table([
      ['joined by', 'a delivery of 1,000, 20/s', 'a delivery of 1,000, 16 under way', 'a message from user to user'],
      ...workers.map(({ bus, deliveryUs, deliveryAtFullSpeedUs, userMessageUs }) => [
        bus === 'worker' ? 'the worker bus alone' : 'a set of Redis connections each',
        `${deliveryUs.toFixed(2)} µs`,
        `${deliveryAtFullSpeedUs.toFixed(2)} µs`,
        `${userMessageUs.toFixed(1)} µs`,
      ]),
    ]),
  ].join('\n')
}

/** @param {Point[]} points */
function flatness(points) {
  const bySize = points.filter(({ nodes }) => nodes === 2)
  const byNodes = points.filter(({ subscribers, nodes }) => subscribers === 1_000 && nodes > 1)
  /** @type {(name: string, chosen: Point[], key: 'steadyCpuUs' | 'fullCpuUs') => string} */
  const line = (name, chosen, key) => {
    const values = chosen.map((point) => point[key])
    const middle = (Math.max(...values) + Math.min(...values)) / 2
    const spread = Math.max(...values) / middle - 1
    return `- ${name}: within ± ${percent(spread)}: ${spread <= 0.1 ? 'flat' : 'not flat within 10 %'}.`
  }
  return [
    'CPU for one delivery, over the range:',
    '',
    line('100 to 10,000 subscribers on 2 nodes, steady', bySize, 'steadyCpuUs'),
    line('the same at full speed', bySize, 'fullCpuUs'),
    line('2 to 8 nodes with 1,000 subscribers, steady', byNodes, 'steadyCpuUs'),
    line('the same at full speed', byNodes, 'fullCpuUs'),
  ]
}

/** @param {string[][]} rows */
function table([head = [], ...rows]) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  /** @param {string[]} row */
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** @param {number} value */
function bytes(value) {
  return `${(value / 1_024).toFixed(1)} KiB`
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** @param {number} share */
function signed(share) {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

export const PAGE = `${root}docs/capacity.md`
export const MEASURED_FILE = `${root}bench/curve/measured.json`
const GENERATED = /<!-- measured -->[\s\S]*?<!-- \/measured -->/

/** @param {string} page @param {string} tables */
export function withTables(page, tables) {
  return page.replace(GENERATED, () => `<!-- measured -->\n${tables}\n<!-- /measured -->`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const measured = /** @type {Measured} */ (JSON.parse(readFileSync(MEASURED_FILE, 'utf8')))
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), capacityTables(measured)))
  console.log(`wrote ${PAGE}`)
}
