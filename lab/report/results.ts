import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunSummary } from './summary.ts'

/** Where results are collected. Not in the repository: they are a machine's own. */
export const RESULTS: string =
  process.env['OYEZ_LAB_RESULTS'] ?? fileURLToPath(new URL('../../results/', import.meta.url))

export function saveResult(summary: RunSummary): string {
  mkdirSync(RESULTS, { recursive: true })
  const path = join(RESULTS, `${summary.at.replace(/[:.]/g, '-')}-${summary.scenario}-${summary.seed}.json`)
  writeFileSync(path, `${JSON.stringify(summary, undefined, 2)}\n`)
  return path
}

/** All results that are there, oldest first. */
export function readResults(): readonly RunSummary[] {
  try {
    return readdirSync(RESULTS)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as RunSummary)
  } catch {
    return []
  }
}
