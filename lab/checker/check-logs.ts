import type { Findings } from './findings.ts'
import type { FinalLog } from './history.ts'

/** I1, I8: the surviving logs in themselves. */
export function checkLog({ state, records }: FinalLog, findings: Findings): void {
  const { channel, top, lastOffset, length } = state
  if (length > 0 && top !== lastOffset) {
    findings.add('logDamaged', `${channel}: the metadata say ${top}, the newest record is ${lastOffset}`)
  }
  const numbers = new Map<string, number>()
  const sequences = new Map<string, number>()
  for (const [index, { offset, publisher, n, sender, stamp }] of records.entries()) {
    const before = records[index - 1]
    if (before !== undefined && offset !== before.offset + 1) {
      findings.add('logDamaged', `${channel}: ${offset} follows ${before.offset}`)
    }
    if (sender !== publisher)
      findings.add('identity', `${channel}: ${offset} of ${publisher} has ${sender} as its sender`)
    const last = numbers.get(publisher) ?? 0
    if (n === last) findings.add('storedTwice', `${channel}: number ${n} of ${publisher}, at ${offset}`)
    else if (n < last)
      findings.add('logReordered', `${channel}: number ${n} of ${publisher} after ${last}, at ${offset}`)
    numbers.set(publisher, Math.max(last, n))
    checkSequence({ channel, offset, stamp, isWhole: records[0]?.offset === 1 }, sequences, findings)
  }
}

/** A producer's numbers go up by one, from 1 where the log reaches back to its beginning. */
function checkSequence(
  record: { channel: string; offset: number; stamp: string; isWhole: boolean },
  sequences: Map<string, number>,
  findings: Findings,
): void {
  const { channel, offset, stamp, isWhole } = record
  const at = stamp.indexOf(':')
  if (at < 0) return
  const seq = Number(stamp.slice(0, at))
  const producer = stamp.slice(at + 1)
  const last = sequences.get(producer) ?? (isWhole ? 0 : seq - 1)
  if (seq !== last + 1)
    findings.add('logReordered', `${channel}: sequence ${seq} after ${last} of one producer, at ${offset}`)
  sequences.set(producer, seq)
}
