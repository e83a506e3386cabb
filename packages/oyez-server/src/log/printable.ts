const LONGEST = 200

// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu

/**
 * Text from outside, made safe for a terminal or a log line: no line breaks, no escape sequences, no text direction tricks, at most `longest`
 * characters (200 unless told).
 */
export function printable(text: string, longest: number = LONGEST): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text
  return cut.replaceAll(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A URL, or several, without its passwords, safe to show. */
export function withoutPassword(url: string): string {
  const shown = url.replaceAll(/([a-z+]+:\/\/)(?:(?![|,\s]+[a-z+]+:\/\/).)*@/gi, '$1***@')
  return shown.replaceAll(/(Password=)[^&|,\s]*/gi, '$1***')
}
