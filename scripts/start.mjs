// @ts-check
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { build } from './build.mjs'
import { root } from './command.mjs'
import { SetupError, ensurePackages, runMain } from './setup.mjs'

const DEFAULT_PORT = 8001

/**
 * The port that was asked for, or the next one that nobody uses.
 * @param {number} wanted
 */
async function freePort(wanted) {
  for (let port = wanted; port < wanted + 100 && port < 65_536; port += 1) {
    if (await isFree(port)) return port
  }
  throw new SetupError(`No free port between ${wanted} and ${wanted + 99}. Choose another one: PORT=9000 npm start`)
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, () => probe.close(() => resolve(true)))
  })
}

function wantedPort() {
  const text = process.env['PORT'] ?? String(DEFAULT_PORT)
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new SetupError(`PORT must be a number from 1 to 65535; it is "${text}".`)
}

/** @param {number} port */
function serve(port) {
  const cli = `${root}packages/oyez-server/bin/oyez.js`
  const args = ['serve', '--dev', '--demo', '--workers', '2', '--bus', 'worker:', '--port', String(port)]
  const page = `${root}apps/square/dist`
  if (existsSync(page)) args.push('--static', page)
  const child = spawn(process.execPath, [cli, ...args], { cwd: root, stdio: 'inherit' })
  // A terminal sends Ctrl-C to the server too, which drains and ends by itself; this process only waits for it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGTERM'))
  process.on('exit', () => child.kill('SIGKILL'))
  if (process.env['npm_lifecycle_event'] === 'start') endWithParent(child)
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)))
}

/**
 * npm passes a signal on to the shell it runs scripts in, and the shell keeps it for itself: without this, the server would outlive
 * a killed `npm start`.
 * @param {import('node:child_process').ChildProcess} child
 */
function endWithParent(child) {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM')
  }, 500).unref()
}

await runMain(async () => {
  await ensurePackages()
  await build()
  const wanted = wantedPort()
  const port = await freePort(wanted)
  if (port !== wanted) console.log(`Port ${wanted} is in use by another program; using ${port} instead.`)
  const address = `http://127.0.0.1:${port}/?user=`
  console.log(`\nThe square opens at ${address}alice and, in a second tab, at ${address}bob`)
  serve(port)
})
