import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface Run {
  readonly code: number | null
  readonly output: string
}

/** Compiles the laboratory; nothing is done when it is up to date. */
export async function buildLab(): Promise<void> {
  const { code, output } = await run([`${ROOT}node_modules/typescript/bin/tsc`, '-b', 'lab'])
  if (code !== 0) throw new Error(`the laboratory does not compile:\n${output}`)
}

/** Runs a program of the laboratory, e.g. `model`, in a process of its own. */
export function runLab(program: string, ...args: readonly string[]): Promise<Run> {
  return run([`${ROOT}lab/dist/${program}/main.js`, ...args])
}

function run(args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (text: string): void => void (output += text)
    child.stdout.setEncoding('utf8').on('data', collect)
    child.stderr.setEncoding('utf8').on('data', collect)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
