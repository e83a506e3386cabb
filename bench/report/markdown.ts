import type { Results, Table } from '../figures.ts'
import { labelOf } from '../program.ts'
import { goalTable } from './goals.ts'
import { plotsOf } from './plots.ts'
import { tablesOf } from './table.ts'

/** The page BENCHMARKS.md. @param micro - Tables of the last `npm run bench -- --micro`. */
export function markdownPage(results: Results, micro: readonly Table[] = []): string {
  const { machine, versions, validation, measureMs, rounds, seconds } = results
  const goals = goalTable(results)
  const parts = [
    '# Benchmarks',
    'What a delivered message costs, beside programs that people use for the same job, all in one run on one machine. This page is written by',
    `\`\`\`\n${results.command}\n\`\`\``,
    [
      `Measured on ${results.began.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}; `,
      `${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}. `,
      `Figures of programs are medians of up to ${rounds} rounds of ${measureMs / 1_000} s after a warm-up; in a round the programs take turns. The run took ${minutes(seconds)}. `,
      loadSentence(results),
    ].join(''),
    ...(goals === undefined ? [] : [markdownTable(goals)]),
    ...plotsOf(results).map(({ file, alt }) => `![${alt}](${file})`),
    '## How to read it',
    [
      '- The figure that travels to other machines is **CPU per delivery**: what the server processes used, divided by the messages that reached a subscriber. ' +
        'Load generator, Redis and both nodes share the same cores, so deliveries per second say more about this machine than about the programs.',
      '- Ratios compare programs of the same round. "With Redis" counts Redis\'s CPU on both sides.',
      "- Payloads have 64 bytes; two nodes joined by a real Redis; nothing is compressed; the Redis client's timeout per command is off, unless a row says otherwise.",
      '- oyez does more than the others: every message is ordered, stored in the log and recoverable, and the publisher is told so, unless a row says otherwise. ' +
        'The others keep nothing. Where a message goes to one user, that is what most of the difference pays for.',
      '- The control rows do no comparable work. `ws`: one process without Redis that writes ready-made frames, which no server built on `ws` goes below. uWebSockets: two nodes that hear one Redis channel and leave the sockets to native code.',
      `- The load generator counts frames without parsing them. Before each run it is checked: ${validation.sent.toLocaleString('en')} publications ` +
        `written in awkward pieces by a server that only counts, ${validation.counted.toLocaleString('en')} counted, at ${validation.generatorCpuUs.toFixed(2)} µs of its CPU for each; every table shows its CPU. A run in which a single delivery is missing is thrown away.`,
    ].join('\n'),
    ...tablesOf(results).map(markdownTable),
    ...results.skipped.map(({ program, reason }) => `Not measured: ${labelOf(program)}: ${reason}.`),
    ...results.failures.map(
      ({ program, scenario, problem }) =>
        `${labelOf(program)} could not finish ${scenario}: ${problem.split('\n', 1)[0]}`,
    ),
    ...(micro.length === 0 ? [] : [MICRO, ...micro.map(markdownTable)]),
  ]
  return `${parts.join('\n\n')}\n`
}

const MICRO = `## Codecs and bytes

Written by \`npm run bench -- --micro\`. On the bus, a message of oyez names its position and its publisher, and only a node with a subscriber hears it; the
tutorial's names neither, and every node hears it. "Into Redis" and "out of Redis" count all that nodes and Redis say to each other for one message: also the log's
share and the answer to the publisher.`

/** Whether a column is one of numbers, which stand to the right. */
function isNumeric(cells: readonly string[]): boolean {
  return cells.every((cell) => /^([−-]?\d[\d.,]* ?[^\s\d]{0,4}|[–]|)$/.test(cell))
}

function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** The suite itself is not in the figure from before the run. */
function loadSentence({ loadBefore, machine }: Results): string {
  return loadBefore < machine.cores / 4
    ? ''
    : `**Other programs were busy on this machine**: in the minute before the run, ${loadBefore.toFixed(1)} tasks wanted one of its ${machine.cores} cores. ` +
        'Latencies and deliveries per second are worse for it; CPU per delivery and ratios suffer less.'
}

function markdownTable({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    `## ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    '',
    line(columns),
    line(columns.map((_, index) => (isNumeric(rows.map((row) => row[index] ?? '')) ? '---:' : '---'))),
    ...rows.map(line),
    ...(notes.length === 0 ? [] : ['', ...(notes.length === 1 ? notes : notes.map((note) => `- ${note}`))]),
  ].join('\n')
}
