import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares two keys in a time that says nothing about where they differ, nor about their lengths. */
export function sameKey(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
