import { join } from 'node:path'
import type { Effect } from '../runner/event-log.ts'
import { type AckTally, checkAcks, checkHealed } from './check-acks.ts'
import { checkBreaks, checkIncarnations } from './check-breaks.ts'
import { checkLog } from './check-logs.ts'
import { checkEnd, checkStream, Sightings } from './check-streams.ts'
import { checkAnnouncements, checkArrivals, checkFigures, type Latency } from './check-times.ts'
import { type FindingKind, Findings } from './findings.ts'
import { type FinalLog, History } from './history.ts'
import { readJournals } from './journals.ts'
import { Ids } from './publications.ts'
import { Timeline } from './timeline.ts'

/** What is to be checked. */
export interface Evidence {
  /** Where the journals and the event log are. */
  readonly directory: string
  readonly logs: readonly FinalLog[]
  /** The logs when all had come to rest, before the last words. */
  readonly quietLogs: readonly FinalLog[]
  readonly allows: readonly Effect[]
  readonly historySize: number
  readonly slackMs: number
  readonly noAbruptEnd: boolean
}

/** What the checker says. */
export interface Verdict {
  readonly findings: Findings
  readonly deliveries: number
  readonly published: number
  readonly streams: number
  readonly breaks: Readonly<Record<string, number>>
  readonly acks: AckTally
  readonly refusals: Readonly<Record<string, number>>
  readonly latency: Latency
  /** Longest time until a subscriber heard that its log was gone. */
  readonly announcementMs: number
  readonly counts: Readonly<Record<string, number>>
  readonly figures: Readonly<Record<string, number>>
}

/**
 * Compares what everybody wrote down with each other and with the logs that are left. It shares no code with the product: what an epoch is made of, how
 * a record looks and where a log is kept are written down in the lab a second time.
 */
export async function check(evidence: Evidence): Promise<Verdict> {
  const { directory, logs, allows, historySize, slackMs, noAbruptEnd } = evidence
  const findings = new Findings()
  const ids = new Ids()
  const timeline = Timeline.read(join(directory, 'events.jsonl'))
  const { publications, streams, ends, deliveries } = await readJournals(directory, ids, findings)
  const history = new History(logs, timeline.states, ids)
  const sightings = new Sightings(findings, ids)
  const breakBooks = { history, timeline, allows, historySize, findings }
  for (const log of logs) {
    checkLog(log, findings)
    checkIncarnations(log.state.channel, breakBooks)
  }
  const breaks: Record<string, number> = {}
  for (const stream of streams) {
    checkStream(stream, { history, sightings, ids, findings })
    checkBreaks(stream, breakBooks)
    checkEnd(stream, history, findings)
    for (const { reason } of stream.breaks) breaks[reason || 'untold'] = (breaks[reason || 'untold'] ?? 0) + 1
  }
  const acks = checkAcks(publications, { history, sightings, ids, findings })
  const quiet = new History(evidence.quietLogs, timeline.states, ids)
  checkHealed(publications, { history: quiet, ids, findings, before: timeline.phase('last-words') })
  const timeBooks = { timeline, publications, slackMs, findings }
  const latency = checkArrivals(streams, timeBooks)
  const announcementMs = checkAnnouncements(streams, timeBooks)
  checkFigures(timeBooks)
  for (const text of timeline.complaints) findings.add(kindOf(text), text)
  for (const { outcome } of timeline.faults) if (outcome.complaint) findings.add('complaint', outcome.complaint)
  for (const { who, at, code } of ends) {
    if (noAbruptEnd && code === 1006 && at >= timeline.phase('load')) findings.add('abruptEnd', `${who} saw 1006`)
  }
  return {
    findings,
    deliveries,
    published: publications.count,
    streams: streams.length,
    breaks,
    acks,
    refusals: Object.fromEntries(publications.refusals),
    latency,
    announcementMs,
    counts: timeline.counts(),
    figures: timeline.figures(),
  }
}

function kindOf(complaint: string): FindingKind {
  if (complaint.startsWith('left over')) return 'leak'
  return complaint.startsWith('not at rest') ? 'behind' : 'complaint'
}
