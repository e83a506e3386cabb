/** A fault planted in a node, from outside: the product's sources know nothing of it. */
export interface Mutant {
  /** What is broken, in words. */
  readonly what: string
  /** Epochs name the log and not the master that wrote it. */
  readonly withoutFence?: boolean
  /** Longer than any run: quiet channels are never compared with their logs. */
  readonly auditIntervalMs?: number
  /** "Hints may have been lost" is not passed on. */
  readonly swallowsGaps?: boolean
  /** Every so manieth hint is lost. */
  readonly losesEveryHint?: number
  /** What a client that comes back has missed begins with something that it had. */
  readonly repeatsOnReconnect?: boolean
  /** Producers' numbers do not reach the log. */
  readonly withoutSequence?: boolean
  /** Every so manieth append is answered and not made. */
  readonly forgetsEveryAppend?: number
}

const NEVER_MS = 86_400_000

export const mutants: Readonly<Record<string, Mutant>> = {
  none: { what: 'nothing: the control' },
  'no-fence': { what: 'epochs are reduced to their incarnation', withoutFence: true },
  'no-audit': { what: 'quiet channels are not compared with their logs', auditIntervalMs: NEVER_MS },
  'no-resync': {
    what: 'channels are not read again after a new subscription, and not audited',
    swallowsGaps: true,
    auditIntervalMs: NEVER_MS,
  },
  'drop-hints': {
    what: 'one hint in five is lost, and nothing is audited',
    losesEveryHint: 5,
    auditIntervalMs: NEVER_MS,
  },
  'repeat-on-reconnect': { what: 'a recovery begins one record too early', repeatsOnReconnect: true },
  'no-sequence': { what: 'producers have no numbers', withoutSequence: true },
  'forget-appends': { what: 'one append in 100 is acknowledged and not made', forgetsEveryAppend: 100 },
}
