import { tidyName } from './citizen.ts'

/** Longest text of a notice, in characters. */
export const MAX_TEXT = 400

/** What people say, in the square or to one person. */
export interface Notice {
  readonly text: string
  /** The node that the writer was connected to. */
  readonly node: string
}

/** One numbered call of the town crier. */
export interface Cry {
  /** Names the run of calls that this one belongs to. */
  readonly run: string
  /** 1 to `of`. */
  readonly number: number
  readonly of: number
}

/** "I am here", said now and then, and "I am gone", said once. */
export interface Presence {
  readonly node: string
  /** Names the page, which keeps it when it reconnects: somebody with two tabs stands in two places. */
  readonly page: string
  readonly gone: boolean
}

/** Reads a notice that another page wrote; `undefined` when it is none. */
export function readNotice(data: unknown): Notice | undefined {
  if (!isRecord(data) || typeof data['text'] !== 'string') return undefined
  return { text: data['text'].slice(0, MAX_TEXT), node: shortText(data['node']) }
}

/** Reads a call of the crier; `undefined` when it is none. */
export function readCry(data: unknown): Cry | undefined {
  if (!isRecord(data)) return undefined
  const { run, number, of } = data
  if (typeof run !== 'string' || !isCount(number) || !isCount(of) || number > of) return undefined
  return { run: run.slice(0, 64), number, of }
}

/** Reads an "I am here"; `undefined` when it is none. */
export function readPresence(data: unknown): Presence | undefined {
  if (!isRecord(data) || typeof data['node'] !== 'string') return undefined
  return { node: shortText(data['node']), page: shortText(data['page']), gone: data['gone'] === true }
}

/** The name of a writer as shown; a server that publishes has none. */
export function writerName(user: string | undefined): string {
  return tidyName(user ?? '') || 'somebody'
}

function shortText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 64) : ''
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
