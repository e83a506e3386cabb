const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What a duration looks like, for error messages. */
export const DURATION_FORM = 'a duration such as "300s", "5m", "1h" or a number of milliseconds'

/** Milliseconds of `"250ms"`, `"300s"`, `"5m"`, `"1h"`, `"7d"` or of a plain number; `undefined` when it is none of these or below 1 ms. */
export function parseDuration(value: unknown): number | undefined {
  const milliseconds = typeof value === 'number' ? value : typeof value === 'string' ? ofText(value) : Number.NaN
  return Number.isSafeInteger(milliseconds) && milliseconds >= 1 ? milliseconds : undefined
}

function ofText(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*(ms|s|m|h|d)?$/.exec(text.trim())
  if (match === null) return Number.NaN
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? 'ms'] ?? Number.NaN))
}
