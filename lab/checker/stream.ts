import type { Findings } from './findings.ts'

/** Records that a subscriber was given one after the other, between two breaks. */
export interface Segment {
  readonly offsets: number[]
  /** What each was: see `Ids`. */
  readonly ids: number[]
  readonly times: number[]
  /** Under which epoch the records from an index on came. */
  readonly epochs: { readonly epoch: string; readonly from: number }[]
  /** Which break ended it; none for the last. */
  brokenBy: BreakLine | undefined
}

export interface BreakLine {
  readonly at: number
  readonly reason: string
  readonly lastEpoch: string
  readonly lastOffset: number
  readonly nextEpoch: string
  readonly nextOffset: number
  /** -1 when none was told. */
  readonly fork: number
}

/** What one subscriber was told about one channel, followed step by step. */
export class Stream {
  readonly subscriber: string
  readonly kind: string
  readonly channel: string
  readonly segments: Segment[] = []
  readonly breaks: BreakLine[] = []
  readonly #findings: Findings
  #cursor: number | undefined
  epoch = ''

  constructor(who: { subscriber: string; kind: string; channel: string }, findings: Findings) {
    this.subscriber = who.subscriber
    this.kind = who.kind
    this.channel = who.channel
    this.#findings = findings
  }

  get cursor(): number {
    return this.#cursor ?? 0
  }

  /** In words. */
  get name(): string {
    return `${this.subscriber} on ${this.channel}`
  }

  subscribed(recovered: boolean, epoch: string, offset: number): void {
    if (this.#cursor === undefined) this.#open(epoch, offset)
    else if (offset !== this.#cursor) {
      const how = recovered ? 'recovered' : 'subscribed'
      this.#findings.add('jumped', `${this.name} ${how} at ${offset} after ${this.#cursor}`)
      this.#open(epoch, offset)
    } else this.renew(epoch)
  }

  /** What follows comes under another epoch. */
  renew(epoch: string): void {
    if (epoch === this.epoch) return
    this.epoch = epoch
    const segment = this.segments.at(-1)
    segment?.epochs.push({ epoch, from: segment.offsets.length })
  }

  published(record: { offset: number; id: number; at: number }): void {
    const { offset, id, at } = record
    const segment = this.segments.at(-1)
    if (segment === undefined || this.#cursor === undefined) {
      this.#findings.add('jumped', `${this.name} got ${offset} before it was subscribed`)
      return
    }
    if (offset <= this.#cursor) {
      const known = segment.offsets.includes(offset)
      this.#findings.add(known ? 'repeated' : 'reordered', `${this.name} got ${offset} after ${this.#cursor}`)
      return
    }
    const missing = offset - this.#cursor - 1
    if (missing > 0) this.#findings.add('lost', `${this.name} got ${offset} after ${this.#cursor}`, missing)
    segment.offsets.push(offset)
    segment.ids.push(id)
    segment.times.push(at)
    this.#cursor = offset
  }

  broke(line: BreakLine): void {
    if (line.lastOffset !== this.cursor) {
      this.#findings.add(
        'jumped',
        `${this.name} was told that it stood at ${line.lastOffset} when it stood at ${this.cursor}`,
      )
    }
    const segment = this.segments.at(-1)
    if (segment !== undefined) segment.brokenBy = line
    this.breaks.push(line)
    this.#open(line.nextEpoch, line.nextOffset)
  }

  #open(epoch: string, offset: number): void {
    this.epoch = epoch
    this.#cursor = offset
    this.segments.push({ offsets: [], ids: [], times: [], epochs: [{ epoch, from: 0 }], brokenBy: undefined })
  }
}
