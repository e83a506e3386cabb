import { IDS_PER_PRODUCER } from './state.ts'

/** The number that stands for a record: which message it is, and under which of its producer's ids it was sent. 0 is no record. */
export function recordNumber(content: number, id: number): number {
  return 1 + content * IDS_PER_PRODUCER + id
}

/** Which message a record holds. */
export function contentOf(record: number): number {
  return Math.floor((record - 1) / IDS_PER_PRODUCER)
}

/** Under which of its producer's ids it was sent: 0 is the first. */
export function idOf(record: number): number {
  return (record - 1) % IDS_PER_PRODUCER
}

export function isSameContent(a: number, b: number): boolean {
  return contentOf(a) === contentOf(b)
}
