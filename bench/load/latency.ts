/** The payload's length in bytes, quotes included: the 64-byte message of the benchmark. */
export const PAYLOAD_BYTES = 64
const DIGITS = 12
const MARK = '"@'

/** A JSON string of exactly so many bytes that says when it was made, in microseconds of this process's clock. */
export function stampedPayload(bytes: number = PAYLOAD_BYTES): string {
  return `${MARK}${String(nowUs()).padStart(DIGITS, '0')}${'.'.repeat(bytes - MARK.length - DIGITS - 1)}"`
}

/** Reads how long ago the first payload after `start` was made, microseconds; `undefined` when there is none. */
export function ageUs(bytes: Buffer, start: number): number | undefined {
  const mark = bytes.indexOf(MARK, start)
  if (mark < 0) return undefined
  const from = mark + MARK.length
  return nowUs() - Number(bytes.toString('latin1', from, from + DIGITS))
}

function nowUs(): number {
  return Math.floor(performance.now() * 1_000)
}

/** The value below which the given share of the values lies; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
