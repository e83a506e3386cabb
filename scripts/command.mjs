// @ts-check
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * The path of a program that `npm ci` installed.
 * @param {string} name
 */
export const bin = (name) => `${root}node_modules/.bin/${name}`

/**
 * @typedef {object} Outcome
 * @property {number} code exit code; 1 when the program could not be started or was killed by a signal
 * @property {string} output both output streams in the order of arrival; empty when they went to the screen
 * @property {number} ms how long it ran, in milliseconds
 */

/**
 * Runs a program and resolves when it has ended, whatever the result.
 * @param {string[]} command the program and its arguments
 * @param {{ show?: boolean, env?: NodeJS.ProcessEnv }} [options] `show`: write to the screen at once instead of collecting
 * @returns {Promise<Outcome>}
 */
export function run(command, { show = false, env = process.env } = {}) {
  const [program = '', ...args] = command
  const started = performance.now()
  return new Promise((resolve) => {
    const output = /** @type {string[]} */ ([])
    /** @param {number} code */
    const end = (code) => resolve({ code, output: output.join(''), ms: performance.now() - started })
    const child = spawn(program, args, {
      cwd: root,
      env,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    })
    child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ text) => output.push(text))
    child.stderr?.setEncoding('utf8').on('data', (/** @type {string} */ text) => output.push(text))
    child.on('error', (error) => {
      output.push(`${program}: ${error.message}\n`)
      end(1)
    })
    child.on('close', (code) => end(code ?? 1))
  })
}

/**
 * A duration as people read it.
 * @param {number} ms milliseconds
 */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
