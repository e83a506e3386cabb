import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunSummary } from '../report/summary.ts'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** Runs a scenario of the built laboratory in a process of its own. @returns What it found, and everything it printed. */
export async function labRun(
  scenario: string,
  options: { readonly mutant?: string; readonly seed?: number } = {},
): Promise<RunSummary & { readonly code: number | null; readonly output: string }> {
  const results = mkdtempSync(join(tmpdir(), 'oyez-lab-results-'))
  const args = [MAIN, '--scenario', scenario, '--minutes', '10', '--seed', String(options.seed ?? 1)]
  if (options.mutant !== undefined) args.push('--mutant', options.mutant)
  try {
    const child = spawn(process.execPath, args, { env: { ...process.env, OYEZ_LAB_RESULTS: results } })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    const [file] = readdirSync(results)
    if (file === undefined) throw new Error(`the laboratory had no result: ${output}`)
    return { ...(JSON.parse(readFileSync(join(results, file), 'utf8')) as RunSummary), code, output }
  } finally {
    rmSync(results, { recursive: true })
  }
}
