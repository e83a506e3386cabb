/** Everything that must never be, by the name under which it is counted. */
export const FINDING_KINDS = {
  lost: 'a subscriber was not given a record, and not told (I5, I6)',
  repeated: 'a subscriber was given a record twice (I5)',
  reordered: 'a subscriber was given a record after a later one (I5)',
  different: 'a subscriber was given something else than what the log holds, or held (I2, I3)',
  jumped: 'a subscription went on elsewhere than where it stopped, without a break (I4)',
  unjustified: 'a break that the history of the store does not explain (I7)',
  behind: 'a subscription that does not stand at the head in the end (I6)',
  late: 'a record or a break came later than the limit although nothing stood in its way (I11)',
  limit: 'a time or a size above its limit (I10, I11)',
  untruthfulAck: 'an acknowledgement names a place where the log holds something else (I9)',
  ackedMissing: 'an acknowledged record is gone, its publisher lives and was not told (I9)',
  notPutBack: 'an acknowledged record was undone and is not back although its publisher lives, and all is quiet (I9)',
  storedTwice: 'a record stands in the log twice (I8)',
  logReordered: 'records of one publisher stand in another order than they were sent in (I8)',
  logDamaged: 'a log with a hole, or whose metadata do not fit (I1)',
  identity: 'the sender of a record is not who published it (I13)',
  leak: 'something is left at a node after everybody has gone (I14)',
  clientError: 'a client met something that its server must not do',
  abruptEnd: 'a connection ended without a close code although the node was asked to end in order',
  complaint: 'the runner saw something that must not be',
} as const

export type FindingKind = keyof typeof FINDING_KINDS

const EXAMPLES = 12

/** What the checker found. */
export class Findings {
  readonly counts: Map<FindingKind, number> = new Map<FindingKind, number>()
  readonly examples: string[] = []

  add(kind: FindingKind, text: string, count = 1): void {
    this.counts.set(kind, this.of(kind) + count)
    if (this.examples.length < EXAMPLES) this.examples.push(`${kind}: ${text}`)
  }

  of(kind: FindingKind): number {
    return this.counts.get(kind) ?? 0
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }
}
