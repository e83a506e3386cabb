import { partsOf } from './epoch.ts'
import type { Findings } from './findings.ts'
import type { History } from './history.ts'
import type { Ids } from './publications.ts'
import type { Segment, Stream } from './stream.ts'

/** What was seen anywhere at a position, so that two who saw different things find out. */
export class Sightings {
  readonly #findings: Findings
  readonly #ids: Ids
  readonly #seen = new Map<string, number[]>()

  constructor(findings: Findings, ids: Ids) {
    this.#findings = findings
    this.#ids = ids
  }

  /** I2: one position, one record. */
  see(channel: string, place: { epoch: string; offset: number }, id: number): void {
    const key = `${channel} ${place.epoch}`
    let seen = this.#seen.get(key)
    if (seen === undefined) this.#seen.set(key, (seen = []))
    const before = seen[place.offset]
    if (before === undefined) seen[place.offset] = id
    else if (before !== id) {
      const names = `${this.#ids.name(before)} and ${this.#ids.name(id)}`
      this.#findings.add('different', `${channel} at ${place.offset}: ${names} under one epoch`)
    }
  }
}

/** I2, I3, I5: what a subscriber was given is what the log holds there, as far as it survived; where it did not, all saw the same. */
export function checkStream(
  stream: Stream,
  evidence: { history: History; sightings: Sightings; ids: Ids; findings: Findings },
): void {
  const { history, sightings, ids, findings } = evidence
  const { channel, name } = stream
  for (const segment of stream.segments) {
    let epochIndex = 0
    for (const [index, offset] of segment.offsets.entries()) {
      while ((segment.epochs[epochIndex + 1]?.from ?? Number.POSITIVE_INFINITY) <= index) epochIndex += 1
      const epoch = segment.epochs[epochIndex]?.epoch ?? ''
      const id = segment.ids[index] as number
      sightings.see(channel, { epoch, offset }, id)
      if (offset > survives(segment, channel, history)) continue
      const stored = history.at(channel, offset)
      if (stored === id || (stored === undefined && offset < history.first(channel))) continue
      findings.add('different', `${name} at ${offset}: got ${ids.name(id)}, the log has ${ids.name(stored)}`)
    }
  }
}

/** Up to which offset the records of a segment must be those of the surviving log. */
function survives(segment: Segment, channel: string, history: History): number {
  const broken = segment.brokenBy
  const { epoch = '' } = segment.epochs.at(-1) ?? {}
  const parts = partsOf(broken?.lastEpoch ?? epoch)
  if (!history.isFinal(channel, parts.incarnation)) return 0
  if (broken === undefined) return Number.POSITIVE_INFINITY
  return history.end(channel, parts) ?? 0
}

/** I6: in the end, everybody stands at the head. */
export function checkEnd(stream: Stream, history: History, findings: Findings): void {
  const state = history.log(stream.channel)?.state
  if (state === undefined) return
  const { incarnation, term } = partsOf(stream.epoch)
  if (incarnation === state.incarnation && stream.cursor === state.top) return
  const where = incarnation === state.incarnation ? '' : `in another log (${incarnation}.${term}) `
  findings.add('behind', `${stream.name} ended ${where}at ${stream.cursor} of ${state.top}`)
}
