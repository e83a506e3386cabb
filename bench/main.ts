import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Results } from './figures.ts'
import { machine, versions } from './machine.ts'
import { type BenchOptions, readOptions, USAGE } from './options.ts'
import { Redis } from './redis.ts'
import { goalTable } from './report/goals.ts'
import { markdownPage } from './report/markdown.ts'
import { plotsOf } from './report/plots.ts'
import { type Table, tablesOf } from './report/table.ts'
import { terminalTable } from './report/terminal.ts'
import { runSuite } from './suite.ts'
import { validateGenerator } from './validation.ts'

/** The repository; this file runs as `bench/dist/main.js`. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

async function run(options: BenchOptions, command: string): Promise<Results> {
  const began = new Date().toISOString()
  const start = performance.now()
  const [loadBefore = 0] = loadavg()
  const redis = await Redis.start()
  try {
    console.log('validation: the load generator must count what a counting server wrote')
    const validation = await validateGenerator()
    console.log(
      `  sent ${validation.sent.toLocaleString('en')}, counted ${validation.counted.toLocaleString('en')}: the same; ` +
        `${validation.generatorCpuUs.toFixed(2)} µs of the generator's CPU per frame, long frames included`,
    )
    const suite = await runSuite(options, redis, sayer(start))
    const { quick, measureMs, rounds } = options
    return {
      began,
      command,
      quick,
      measureMs,
      rounds,
      machine: machine(),
      versions: versions(redis.version),
      validation,
      loadBefore,
      seconds: Math.round((performance.now() - start) / 1_000),
      ...suite,
    }
  } finally {
    await redis.close()
  }
}

/** Of the last run of `--micro`, if there was one. */
function microTables(): readonly Table[] {
  const file = `${ROOT}bench/results/micro.json`
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly Table[]) : []
}

/** Prints a line with the time since the start. */
function sayer(start: number): (line: string) => void {
  return (line) => {
    const seconds = Math.floor((performance.now() - start) / 1_000)
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    console.log(line.replace(/^\n?/, (lineBreak) => `${lineBreak}${clock.padStart(5)}  `))
  }
}

function leave(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`wrote ${file}`)
}

async function main(argv: readonly string[]): Promise<void> {
  const options = readOptions(argv)
  if (options === 'help') {
    console.log(USAGE)
    return
  }
  const results =
    options.from === undefined
      ? await run(options, `npm run bench${argv.length > 0 ? ` -- ${argv.join(' ')}` : ''}`)
      : (JSON.parse(readFileSync(options.from, 'utf8')) as Results)
  for (const table of tablesOf(results)) console.log(terminalTable(table))
  const goals = goalTable(results)
  if (goals !== undefined) console.log(terminalTable(goals))
  console.log('')
  if (options.from === undefined) {
    const file = resolve(options.resultFile ?? `${ROOT}bench/results/latest.json`)
    leave(file, `${JSON.stringify(results, undefined, 2)}\n`)
  }
  if (options.markdown) {
    leave(`${ROOT}BENCHMARKS.md`, markdownPage(results, microTables()))
    for (const { file, svg } of plotsOf(results)) leave(`${ROOT}${file}`, svg)
  }
  for (const { program, scenario, problem } of results.failures) console.error(`${program}, ${scenario}: ${problem}`)
  if (results.failures.length > 0) process.exitCode = 1
}

// An ordinary exit, so that what was started is ended: the other processes leave with their parent.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
process.stdout.on('error', () => process.exit(1))

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
