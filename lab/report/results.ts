import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunSummary } from './summary.ts'

/** Where results are collected. They are a machine's own and not in the repository. */
const RESULTS = process.env['OYEZ_LAB_RESULTS'] ?? fileURLToPath(new URL('../../results/', import.meta.url))

/** @returns The file. */
export function saveResult(summary: RunSummary): string {
  mkdirSync(RESULTS, { recursive: true })
  const path = join(RESULTS, `${summary.at.replace(/[:.]/g, '-')}-${summary.scenario}-${summary.seed}.json`)
  writeFileSync(path, `${JSON.stringify(summary, undefined, 2)}\n`)
  return path
}

/** Results of runs without a planted fault, oldest first. */
export function readResults(): readonly RunSummary[] {
  return readAll().filter(({ mutant }) => mutant === undefined)
}

/** Results of runs with a planted fault. */
export function readMutantResults(): readonly RunSummary[] {
  return readAll().filter(({ mutant }) => mutant !== undefined && mutant !== 'none')
}

function readAll(): RunSummary[] {
  mkdirSync(RESULTS, { recursive: true })
  return readdirSync(RESULTS)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(RESULTS, name), 'utf8')) as RunSummary)
}
