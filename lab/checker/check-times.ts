import type { Findings } from './findings.ts'
import type { Publications } from './publications.ts'
import type { Stream } from './stream.ts'
import type { Timeline } from './timeline.ts'
import { partsOf } from './epoch.ts'

/** targets.md: a lost last message on a quiet channel, and an empty Redis told to idle subscribers. */
const LIMIT_MS = 6_000

/** Limits of figures that faults report. */
const FIGURE_LIMITS: Readonly<Record<string, number>> = {
  unreadyMs: 4_000,
  publishingAgainMs: 3_000,
  slotFlowMs: 1_000,
}
const QUEUED_BYTES_LIMIT = 1.1 * 1_048_576

export interface TimeEvidence {
  readonly timeline: Timeline
  readonly publications: Publications
  /** What a busy machine adds to every time. */
  readonly slackMs: number
  readonly findings: Findings
}

/** How long records took from `send` to each subscriber while nothing was wrong. */
export interface Latency {
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** I11: with nothing in its way, a record arrives in time; the last words do so although something was. */
export function checkArrivals(streams: readonly Stream[], evidence: TimeEvidence): Latency {
  const { timeline, publications, slackMs, findings } = evidence
  const lastWords = timeline.phase('last-words')
  const times: number[] = []
  for (const stream of streams) {
    for (const segment of stream.segments) {
      for (const [index, id] of segment.ids.entries()) {
        const at = segment.times[index] as number
        const sent = publications.sentAt(id)
        if (sent === undefined) {
          findings.add('different', `${stream.name} got something that nobody sent`)
          continue
        }
        const isLast = sent >= lastWords
        if (!isLast && timeline.disturbed(sent, at)) continue
        const took = at - (isLast ? (publications.ackedAt(id) ?? sent) : sent)
        times.push(Math.max(0, took))
        if (took > LIMIT_MS + slackMs)
          findings.add('late', `${stream.name}: ${took} ms for record ${segment.offsets[index]}`)
      }
    }
  }
  times.sort((a, b) => a - b)
  const quantile = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0
  return { p50: quantile(0.5), p99: quantile(0.99), most: times.at(-1) ?? 0 }
}

/** Every subscriber of a channel whose log was taken away is told in time, on idle channels too. @returns The longest time. */
export function checkAnnouncements(streams: readonly Stream[], { timeline, slackMs, findings }: TimeEvidence): number {
  let longest = 0
  for (const { from, outcome } of timeline.faults) {
    const { effects = [], channels, happenedAt = from } = outcome
    if (!effects.includes('new-log')) continue
    for (const stream of streams) {
      if (channels !== undefined && !channels.includes(stream.channel)) continue
      const told = stream.breaks.find(
        ({ at, lastEpoch, nextEpoch }) =>
          at >= from && partsOf(lastEpoch).incarnation !== partsOf(nextEpoch).incarnation,
      )
      const took = told === undefined ? Number.POSITIVE_INFINITY : told.at - happenedAt
      if (took > LIMIT_MS + slackMs) findings.add('late', `${stream.name} heard ${took} ms late that its log was gone`)
      else longest = Math.max(longest, took)
    }
  }
  return longest
}

/** Figures that have a limit. */
export function checkFigures({ timeline, slackMs, findings }: TimeEvidence): void {
  for (const [name, value] of Object.entries(timeline.figures())) {
    const limit = FIGURE_LIMITS[name]
    if (limit !== undefined && value > limit + slackMs)
      findings.add('limit', `${name} is ${value}, more than ${limit} + ${slackMs}`)
    if (name === 'queuedBytesPerClient' && value > QUEUED_BYTES_LIMIT) findings.add('limit', `${name} is ${value}`)
  }
}
