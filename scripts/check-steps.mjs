// @ts-check
import { existsSync, readdirSync } from 'node:fs'
import { bin, root, run, seconds } from './command.mjs'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[][]} commands run one after the other, all of them, so that one run shows every problem
 * @property {string} [after] name of a step that has to end first
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/** Folders with a tsconfig.json outside `tsc -b`: tests, the demo page, scripts, load programs. */
function extraProjects() {
  const groups = ['packages', 'apps', 'examples'].filter((group) => existsSync(root + group))
  const members = groups.flatMap((group) => readdirSync(root + group).map((name) => `${group}/${name}`))
  const referenced = new Set(['packages/oyez', 'packages/oyez-server'])
  return [...members.flatMap((member) => [member, `${member}/test`]), 'scripts', 'bench', 'lab'].filter(
    (folder) => !referenced.has(folder) && existsSync(`${root}${folder}/tsconfig.json`),
  )
}

/**
 * Everything `npm run check` looks at, apart from the unit tests.
 * @returns {Step[]}
 */
export function checkSteps() {
  const node = process.execPath
  return [
    {
      name: 'types',
      commands: [[bin('tsc'), '-b'], ...extraProjects().map((folder) => [bin('tsc'), '-p', folder])],
    },
    { name: 'format', commands: [[bin('biome'), 'format', '.']] },
    { name: 'layers', commands: [[node, 'scripts/check-layers.mjs']] },
    { name: 'wire schema', commands: [[node, 'scripts/schema.mjs', '--check']] },
    { name: 'lock file', commands: [[node, 'scripts/check-lock.mjs']] },
    { name: 'lint', commands: [[bin('oxlint'), '--type-aware', '.']], after: 'types' },
    ...(existsSync(`${root}scripts/size.mjs`)
      ? [{ name: 'client size', commands: [[node, 'scripts/size.mjs']], after: 'types' }]
      : []),
  ]
}

/**
 * Runs steps, two at a time, and prints one line for each; what a failing step said follows its line.
 * @param {Step[]} steps
 * @returns {Promise<Tally>}
 */
export async function runSteps(steps) {
  /** @type {Map<string, Promise<boolean>>} */
  const results = new Map()
  const lanes = [Promise.resolve(), Promise.resolve()]
  for (const [index, step] of steps.entries()) {
    const lane = index % lanes.length
    const result = Promise.all([lanes[lane], step.after && results.get(step.after)]).then(() => runStep(step))
    results.set(step.name, result)
    lanes[lane] = result.then(() => {})
  }
  const passed = await Promise.all(results.values())
  return { passed: passed.filter(Boolean).length, failed: passed.filter((ok) => !ok).length, skipped: 0 }
}

/** @param {Step} step */
async function runStep({ name, commands }) {
  const started = performance.now()
  const failures = []
  for (const command of commands) {
    const { code, output } = await run(command)
    if (code !== 0) failures.push(output.trimEnd())
  }
  const time = seconds(performance.now() - started)
  console.log(`${failures.length === 0 ? 'ok    ' : 'FAILED'}  ${name}  (${time})`)
  for (const output of failures) console.log(`${output}\n`)
  return failures.length === 0
}
