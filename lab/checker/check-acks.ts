import { partsOf } from './epoch.ts'
import type { Findings } from './findings.ts'
import type { History } from './history.ts'
import type { Ids, Publications } from './publications.ts'
import type { Sightings } from './check-streams.ts'

/** What became of acknowledged messages that are not in the surviving log. */
export interface AckTally {
  readonly acknowledged: number
  /** Gone with a log that was taken away. */
  readonly goneWithLog: number
  /** Undone by a failover or an old snapshot, and the publisher was told. */
  readonly undoneAndTold: number
  /** Trimmed, as the channel's rule says. */
  readonly trimmed: number
}

/** I9: an acknowledged record was in the log, at the place that was named; if it is gone, it is known why. */
export function checkAcks(
  publications: Publications,
  evidence: { history: History; sightings: Sightings; ids: Ids; findings: Findings },
): AckTally {
  const { history, sightings, ids, findings } = evidence
  const present = new Map<string, Set<number>>()
  for (const channel of history.channels) {
    const records = history.log(channel)?.records ?? []
    present.set(channel, new Set(records.map(({ publisher, n }) => ids.of(channel, publisher, n))))
  }
  let goneWithLog = 0
  let undoneAndTold = 0
  let trimmed = 0
  for (const { channel, publisher, n, epoch, offset } of publications.acks) {
    const id = ids.of(channel, publisher, n)
    const parts = partsOf(epoch)
    sightings.see(channel, { epoch, offset }, id)
    const isFinal = history.isFinal(channel, parts.incarnation)
    const end = history.end(channel, parts) ?? 0
    if (isFinal && offset <= end && offset >= history.first(channel) && history.at(channel, offset) !== id) {
      const held = ids.name(history.at(channel, offset))
      findings.add('untruthfulAck', `${ids.name(id)} was acknowledged at ${offset}, where the log has ${held}`)
    }
    if (present.get(channel)?.has(id) === true) continue
    if (!isFinal) goneWithLog += 1
    else if (offset < history.first(channel)) trimmed += 1
    else if (publications.wasTold(publisher, channel)) undoneAndTold += 1
    else findings.add('ackedMissing', `${ids.name(id)}, acknowledged at ${epoch}/${offset}`)
  }
  return { acknowledged: publications.acks.length, goneWithLog, undoneAndTold, trimmed }
}

/** I9: what was undone is put back by its publisher, who lives, before it has anything else to say; or it is told. */
export function checkHealed(
  publications: Publications,
  evidence: { history: History; ids: Ids; findings: Findings; before: number },
): void {
  const { history, ids, findings, before } = evidence
  for (const channel of history.channels) {
    const records = history.log(channel)?.records ?? []
    const present = new Set(records.map(({ publisher, n }) => ids.of(channel, publisher, n)))
    for (const { publisher, n, epoch, offset, at, channel: own } of publications.acks) {
      if (own !== channel || at >= before || offset < history.first(channel)) continue
      const id = ids.of(channel, publisher, n)
      const isGone = !history.isFinal(channel, partsOf(epoch).incarnation)
      if (isGone || present.has(id) || publications.wasTold(publisher, channel)) continue
      findings.add('notPutBack', `${ids.name(id)}, acknowledged at ${epoch}/${offset}`)
    }
  }
}
