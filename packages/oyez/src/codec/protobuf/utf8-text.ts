import { isUtf8 } from 'node:buffer'

const REPLACEMENT = '\ufffd'

/** The text that bytes are, or `undefined` when they are no UTF-8. */
export function utf8Text(bytes: Buffer, start = 0, end: number = bytes.length): string | undefined {
  const text = bytes.toString('utf8', start, end)
  // Node puts this character where it could not read one: only then the bytes have to be looked at.
  return text.includes(REPLACEMENT) && !isUtf8(bytes.subarray(start, end)) ? undefined : text
}
