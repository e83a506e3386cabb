import type { Effect } from '../runner/event-log.ts'
import { partsOf } from './epoch.ts'
import type { Findings } from './findings.ts'
import type { History } from './history.ts'
import type { BreakLine, Stream } from './stream.ts'
import type { Timeline } from './timeline.ts'

export interface BreakEvidence {
  readonly history: History
  readonly timeline: Timeline
  readonly allows: readonly Effect[]
  readonly historySize: number
  readonly findings: Findings
}

/** I7: each break is explained by the history of the store, and of a kind that the faults of the run may cause. */
export function checkBreaks(stream: Stream, evidence: BreakEvidence): void {
  for (const line of stream.breaks) {
    const why = explanations(stream.channel, line, evidence)
    // A client that is not told reasons breaks for any that is true.
    const explained = line.reason === '' ? why.length > 0 : why.includes(line.reason as Effect)
    if (explained) continue
    const from = `${line.lastEpoch}/${line.lastOffset}`
    const to = `${line.nextEpoch}/${line.nextOffset}`
    const told = line.reason === '' ? 'without a reason' : line.reason
    evidence.findings.add(
      'unjustified',
      `${stream.name} at ${line.at}: ${told}, from ${from} to ${to}, fork ${line.fork}`,
    )
  }
}

/** The reasons that hold for a break. */
export function explanations(channel: string, line: BreakLine, evidence: BreakEvidence): Effect[] {
  const { history, timeline, allows, historySize } = evidence
  const last = partsOf(line.lastEpoch)
  const next = partsOf(line.nextEpoch)
  const reasons: Effect[] = []
  if (last.incarnation !== next.incarnation) {
    if (timeline.losses(channel, line.at) > 0) reasons.push('new-log')
  } else {
    const end = history.end(channel, last)
    // The record of a term can be lost like any other write: then nobody can prove anything about it.
    if (end === undefined) reasons.push('unknown')
    const isTold = line.reason === '' || line.fork === end
    if (end !== undefined && line.lastOffset > end && isTold) reasons.push('fork')
    const isTrimmed = !history.isFinal(channel, last.incarnation) || history.first(channel) > line.lastOffset + 1
    if (isTrimmed && line.nextOffset - line.lastOffset > historySize) reasons.push('trimmed')
  }
  return reasons.filter((reason) => allows.includes(reason))
}

/** A log is not replaced more often than it was taken away. */
export function checkIncarnations(channel: string, { history, timeline, findings }: BreakEvidence): void {
  const losses = timeline.losses(channel, Number.POSITIVE_INFINITY)
  if (history.incarnations(channel) > losses + 1) {
    findings.add(
      'unjustified',
      `${channel} had ${history.incarnations(channel)} logs although ${losses} were taken away`,
    )
  }
}
