import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { mutantsCaught } from './mutant-results.ts'
import { readResults } from './results.ts'
import type { RunSummary } from './summary.ts'

const DELIVERY = fileURLToPath(new URL('../../../DELIVERY.md', import.meta.url))
const BEGIN = '<!-- lab:begin -->'
const END = '<!-- lab:end -->'

/** A promise, what tries to break it, and how often it was tried. */
interface Claim {
  readonly claim: string
  readonly scenarios: readonly string[]
  readonly figures: (sums: Sums) => string
}

/** All green runs of some scenarios, added up. */
class Sums {
  readonly runs: readonly RunSummary[]

  constructor(runs: readonly RunSummary[]) {
    this.runs = runs
  }

  of(count: string): number {
    return this.runs.reduce((sum, { counts }) => sum + (counts[count] ?? 0), 0)
  }

  breaks(...reasons: readonly string[]): number {
    return this.runs.reduce(
      (sum, { breaks }) => sum + reasons.reduce((all, reason) => all + (breaks[reason] ?? 0), 0),
      0,
    )
  }

  most(figure: string): number {
    return Math.max(0, ...this.runs.map(({ figures }) => figures[figure] ?? 0))
  }

  field(name: 'deliveries' | 'published' | 'acknowledged' | 'minutes' | 'goneWithLog' | 'undoneAndTold'): number {
    return this.runs.reduce((sum, run) => sum + run[name], 0)
  }

  findings(...names: readonly string[]): number {
    const of = ({ findings }: RunSummary): number =>
      names.reduce((sum, name) => sum + ((findings as Record<string, number>)[name] ?? 0), 0)
    return this.runs.reduce((sum, run) => sum + of(run), 0)
  }
}

const show = (value: number): string => Math.round(value).toLocaleString('en')
const times = (value: number, what: string): string => `${show(value)} ${what}`
const within = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

const CLAIMS: readonly Claim[] = [
  {
    claim: 'A node dies: nothing is missing, nothing comes twice, no break',
    scenarios: ['node-kill', 'lb-kill', 'worker-kill', 'mixed'],
    figures: (sums) => `${times(sums.of('nodeKills'), 'nodes')} and ${times(sums.of('workerKills'), 'workers killed')}`,
  },
  {
    claim: 'A client is cut off anywhere, in mid-frame too, and goes on where it stopped',
    scenarios: ['client-cuts', 'mixed', 'centrifuge-clients'],
    figures: (sums) => times(sums.of('clientDisconnects'), 'disconnects'),
  },
  {
    claim: 'The connections that hear hints die, with the last message too',
    scenarios: ['pubsub-kill', 'mixed', 'centrifuge-clients'],
    figures: (sums) => times(sums.of('hintKills'), 'connections killed'),
  },
  {
    claim: 'Redis dies and comes back with its data: no break',
    scenarios: ['redis-restart-aof', 'mixed'],
    figures: (sums) => times(sums.of('redisRestarts'), 'restarts'),
  },
  {
    claim: 'Redis comes back with old data: every break is a `fork`, at the very place where the histories part',
    scenarios: ['redis-restart-old-rdb', 'centrifuge-clients'],
    figures: (sums) => `${times(sums.of('redisRollbacks'), 'restarts')}, ${times(sums.breaks('fork'), 'breaks')}`,
  },
  {
    claim: 'Redis comes back empty, is flushed, or loses a key: every subscriber of that channel is told `new-log`',
    scenarios: ['redis-empty', 'flushall', 'delete-meta', 'delete-stream'],
    figures: (sums) =>
      `${times(sums.of('emptyStarts') + sums.of('flushes') + sums.of('keysDeleted'), 'losses')}, told within ${within(sums.most('announcementMs'))}`,
  },
  {
    claim: 'Redis is frozen or half open: noticed within 4 s, nothing lost',
    scenarios: ['redis-freeze', 'half-open', 'mixed'],
    figures: (sums) =>
      `${times(sums.of('redisFreezes'), 'freezes')}, ${times(sums.of('partitions'), 'partitions')}, noticed within ${within(sums.most('unreadyMs'))}`,
  },
  {
    claim: 'Sentinel promotes a replica',
    scenarios: ['sentinel-failover', 'sentinel-failover-lossy'],
    figures: (sums) =>
      `${times(sums.of('sentinelFailovers'), 'failovers')}, ${show(sums.of('lossyFailovers'))} of them lossy, publishing again within ${within(sums.most('publishingAgainMs'))}`,
  },
  {
    claim: 'A Cluster fails over, or slots move under load',
    scenarios: ['cluster-failover', 'cluster-slots'],
    figures: (sums) =>
      `${times(sums.of('clusterFailovers'), 'failovers')}, ${times(sums.of('slotsMoved'), 'slots moved')}`,
  },
  {
    claim: 'Load balancers reload, nodes are replaced one after the other',
    scenarios: ['proxy-reload-nginx', 'proxy-reload-haproxy', 'rolling-drain'],
    figures: (sums) => `${times(sums.of('proxyReloads'), 'reloads')}, ${times(sums.of('drains'), 'drains')}`,
  },
  {
    claim: 'Readers stop reading, lines are slow and bytes come one by one',
    scenarios: ['slow-reader', 'slow-link'],
    figures: (sums) =>
      `${times(sums.of('readersStopped') + sums.of('slowLinks'), 'times')}, at most ${show(sums.most('queuedBytesPerClient') / 1_024)} KiB queued for each`,
  },
  {
    claim: 'A Centrifuge client has the same guarantee, through `recovered` and code 2500',
    scenarios: ['centrifuge-clients', 'mixed'],
    figures: (sums) =>
      `${times(sums.of('clientDisconnects'), 'disconnects')}, ${times(sums.breaks('untold'), 'breaks')}`,
  },
]

/** Writes the table of claims and figures into DELIVERY.md, between its marks. @returns What was written. */
export function report(): string {
  const all = readResults()
  const green = all.filter((run) => run.green)
  const text = table(
    green,
    all.filter((run) => !run.green),
  )
  const page = readFileSync(DELIVERY, 'utf8')
  const [before, rest] = split(page, BEGIN)
  const [, after] = split(rest, END)
  writeFileSync(DELIVERY, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`)
  return text
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  if (at < 0) throw new Error(`DELIVERY.md has no ${mark}`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}

function table(green: readonly RunSummary[], red: readonly RunSummary[]): string {
  const total = new Sums(green)
  const every = new Sums([...green, ...red])
  const rows = CLAIMS.map(({ claim, scenarios, figures }) => {
    const runs = new Sums(green.filter(({ scenario }) => scenarios.includes(scenario)))
    const names = scenarios.map((name) => `\`${name}\``).join(', ')
    return `| ${claim} | ${names} | ${runs.runs.length === 0 ? 'not run yet' : figures(runs)} | ${show(runs.field('deliveries'))} |`
  })
  const seeds = new Set(green.map(({ seed }) => seed)).size
  const days = green.map(({ at }) => at.slice(0, 10))
  const { caught, planted } = mutantsCaught()
  return [
    `Written by \`npm run lab -- --report\` from ${show(green.length)} runs with ${show(seeds)} seeds, ${show(total.field('minutes'))} minutes in all (${days[0] ?? '–'} to ${days.at(-1) ?? '–'}).${redWords(red)}`,
    '',
    '| over all runs | |',
    '| --- | ---: |',
    `| deliveries checked one by one | **${show(total.field('deliveries'))}** |`,
    `| lost, repeated, reordered without a declared break | **${[every.findings('lost'), every.findings('repeated'), every.findings('reordered')].join(' / ')}** |`,
    `| unjustified breaks | **${every.findings('unjustified')}** of ${show(total.breaks('fork', 'new-log', 'trimmed', 'untold'))} |`,
    `| messages published, acknowledged | ${show(total.field('published'))}, ${show(total.field('acknowledged'))} |`,
    `| acknowledged and missing, publisher not told | **${every.findings('ackedMissing')}** |`,
    `| acknowledged and gone with a log that was taken away | ${show(total.field('goneWithLog'))} |`,
    `| acknowledged, undone by a rollback, not put back, publisher told | ${show(total.field('undoneAndTold'))} |`,
    `| nodes killed, drained, frozen | ${show(total.of('nodeKills') + total.of('workerKills'))}, ${show(total.of('drains'))}, ${show(total.of('nodeFreezes'))} |`,
    `| Redis restarts, Sentinel failovers (lossy), Cluster failovers, slots moved | ${show(total.of('redisRestarts'))}, ${show(total.of('sentinelFailovers'))} (${show(total.of('lossyFailovers'))}), ${show(total.of('clusterFailovers'))}, ${show(total.of('slotsMoved'))} |`,
    `| partitions, client disconnects | ${show(total.of('partitions'))}, ${show(total.of('clientDisconnects'))} |`,
    `| planted faults that turned the lab red | ${caught} of ${planted} |`,
    '',
    '| claim | scenarios | tried | deliveries |',
    '| --- | --- | --- | ---: |',
    ...rows,
  ].join('\n')
}

/** Runs that are not in the sums, and what they were red for. */
function redWords(red: readonly RunSummary[]): string {
  if (red.length === 0) return ''
  const reasons = red.map(({ scenario, findings, failure }) =>
    failure === undefined
      ? `\`${scenario}\`: ${Object.keys(findings).join(', ')}`
      : `\`${scenario}\`: not carried through`,
  )
  return ` Not in the sums are ${show(red.length)} runs that were red (${[...new Set(reasons)].join('; ')}).`
}
