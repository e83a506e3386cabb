// @ts-check
// Runs before anything is installed: only what comes with Node may be imported here.
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root, run } from './command.mjs'

/** The foreign programs that the tests start, each with the Debian package that brings it. */
const programs = [
  { program: 'redis-server', debian: 'redis-server' },
  { program: 'redis-sentinel', debian: 'redis-sentinel' },
  { program: 'nginx', debian: 'nginx' },
  { program: 'haproxy', debian: 'haproxy' },
  { program: 'chromium', debian: 'chromium' },
]

/** What keeps this machine from running the project, in words for the person in front of it. */
export class SetupError extends Error {}

/**
 * Makes sure that the npm packages of the lock file are installed.
 * @throws {SetupError} when Node is too old or `npm ci` fails
 */
export async function ensurePackages() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`oyez needs Node 20.19 or newer; this is ${process.versions.node} (${process.execPath}).`)
  }
  if (packagesInstalled()) return
  console.log('Installing the npm packages: npm ci')
  const { code } = await run(['npm', 'ci', '--no-audit', '--no-fund'], { show: true })
  if (code !== 0) throw new SetupError('`npm ci` failed; its own message is above.')
}

/**
 * Compares what is installed with the lock file by content: file times say nothing after a `git checkout`.
 */
function packagesInstalled() {
  const installedPath = `${root}node_modules/.package-lock.json`
  if (!existsSync(installedPath)) return false
  /** @typedef {{ packages: Record<string, { version?: string, optional?: boolean, link?: boolean }> }} Lock */
  const wanted = /** @type {Lock} */ (JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')))
  const installed = /** @type {Lock} */ (JSON.parse(readFileSync(installedPath, 'utf8')))
  return Object.entries(wanted.packages).every(
    ([path, entry]) =>
      !path.includes('node_modules/') || entry.optional || installed.packages[path]?.version === entry.version,
  )
}

/**
 * Makes sure that the foreign programs of the tests are there; installs them with apt-get where that is allowed.
 * @throws {SetupError} with the one line to run when it may not install them itself
 */
export async function ensurePrograms() {
  const missing = programs.filter(({ program }) => !onPath(program))
  if (missing.length === 0) return
  const names = missing.map(({ program }) => program).join(', ')
  const packages = missing.map(({ debian }) => debian)
  if (!onPath('apt-get')) {
    throw new SetupError(
      `The tests need these programs: ${names}. Please install them (Debian: ${packages.join(' ')}).`,
    )
  }
  const prefix = await rootPrefix()
  if (!prefix) {
    throw new SetupError(
      `The tests need ${names}. Run:\nsudo apt-get update && sudo apt-get install -y ${packages.join(' ')}`,
    )
  }
  console.log(`Installing with apt-get: ${packages.join(' ')}`)
  await aptInstall(prefix, packages)
  const still = missing.filter(({ program }) => !onPath(program))
  if (still.length > 0) {
    throw new SetupError(`apt-get ran, but still missing: ${still.map(({ program }) => program).join(', ')}.`)
  }
}

/**
 * @param {string[]} prefix what makes a command run as root
 * @param {string[]} packages
 */
async function aptInstall(prefix, packages) {
  const restore = await keepServicesStopped(prefix)
  try {
    const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
    await mustSucceed([...apt, 'update', '-q'])
    await mustSucceed([...apt, 'install', '-y', '-q', '--no-install-recommends', ...packages])
  } finally {
    await restore()
  }
}

/** @param {string[]} command */
async function mustSucceed(command) {
  const { code } = await run(command, { show: true })
  if (code !== 0) throw new SetupError(`This failed (its own message is above): ${command.join(' ')}`)
}

/**
 * Debian starts redis, nginx and haproxy as services when it installs them. The tests start their own, on free ports,
 * so a policy that forbids it stands while apt-get runs. A policy that is already there is left as it is.
 * @param {string[]} prefix
 * @returns {Promise<() => Promise<void>>} takes the policy away again
 */
async function keepServicesStopped(prefix) {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return async () => {}
  const draft = `${root}node_modules/.policy-rc.d`
  writeFileSync(draft, '#!/bin/sh\nexit 101\n')
  await mustSucceed([...prefix, 'install', '-m', '755', draft, policy])
  rmSync(draft)
  return () => mustSucceed([...prefix, 'rm', '-f', policy])
}

/** How to run a command as root without a question: nothing as root, `sudo -n` where it needs no password. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return []
  if (!onPath('sudo')) return undefined
  const { code } = await run(['sudo', '-n', 'true'])
  return code === 0 ? ['sudo', '-n'] : undefined
}

/**
 * Debian keeps nginx and haproxy in /usr/sbin, which is not on everybody's PATH.
 * @param {string} program
 */
function onPath(program) {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * Runs the main function of a script: a SetupError becomes its message and exit code 1.
 * @param {() => Promise<void>} main
 */
export async function runMain(main) {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    await ensurePackages()
    if (process.argv.includes('--programs')) await ensurePrograms()
  })
}
