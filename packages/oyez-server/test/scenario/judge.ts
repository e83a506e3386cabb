import type { Cry, Herald } from './herald.ts'
import type { Witness } from './witness.ts'

/** What the judge found: all zero when nothing was silent. */
export interface Judgement {
  /** Acknowledged messages that are not in the log. */
  readonly acknowledgedLost: number
  /** Messages that stand in the log more than once. */
  readonly storedTwice: number
  /** Messages of one herald that stand in another order than they were sent in. */
  readonly reorderedInLog: number
  /** Log entries that a witness was not given, between its first and the end. */
  readonly missed: number
  /** Publications that a witness was given more than once. */
  readonly repeated: number
  /** Publications that a witness was given out of order, or that differ from the log. */
  readonly wrong: number
}

export const INNOCENT: Judgement = {
  acknowledgedLost: 0,
  storedTwice: 0,
  reorderedInLog: 0,
  missed: 0,
  repeated: 0,
  wrong: 0,
}

/**
 * Compares the journals with the final log of the channel. It shares no code with the product.
 *
 * @param log - All entries of the channel, oldest first, from offset 1.
 */
export function judge(
  log: readonly { readonly offset: number; readonly data: Cry }[],
  heralds: readonly Herald[],
  witnesses: readonly Witness[],
): Judgement {
  const stored = new Map<string, number>()
  for (const { data } of log) stored.set(key(data), (stored.get(key(data)) ?? 0) + 1)
  let acknowledgedLost = 0
  for (const { name, acknowledged } of heralds) {
    acknowledgedLost += acknowledged.filter((n) => !stored.has(key({ herald: name, n }))).length
  }
  let reorderedInLog = 0
  for (const { name } of heralds) {
    const numbers = log.filter(({ data }) => data.herald === name).map(({ data }) => data.n)
    reorderedInLog += numbers.filter((n, index) => index > 0 && n <= (numbers[index - 1] ?? 0)).length
  }
  let missed = 0
  let repeated = 0
  let wrong = 0
  for (const { received } of witnesses) {
    const byOffset = new Map(log.map((entry) => [entry.offset, entry.data]))
    const seen = new Set<number>()
    let last = 0
    for (const { offset, cry } of received) {
      if (seen.has(offset)) repeated += 1
      else if (offset < last || byOffset.get(offset) === undefined || key(byOffset.get(offset) as Cry) !== key(cry))
        wrong += 1
      seen.add(offset)
      last = Math.max(last, offset)
    }
    const first = received[0]?.offset ?? 1
    missed += log.filter(({ offset }) => offset >= first && !seen.has(offset)).length
  }
  const storedTwice = [...stored.values()].filter((count) => count > 1).length
  return { acknowledgedLost, storedTwice, reorderedInLog, missed, repeated, wrong }
}

function key({ herald, n }: Cry): string {
  return `${herald}/${n}`
}
