// @ts-check
// npm leaves a platform package out of package-lock.json when the registry it talked to could not serve it, and then
// `npm ci` refuses the file on every machine. This step finds such holes; `--write` fills them.
// It also finds packages whose content `npm ci` could not verify, and packages that are tied to an address: `.npmrc` leaves
// the addresses of registry packages out, so that each machine uses its own registry and the integrity decides.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   license?: string, link?: boolean, inBundle?: boolean, integrity?: string, resolved?: string,
 *   optionalDependencies?: Record<string, string> }} LockEntry */
/** @typedef {{ packages: Record<string, LockEntry> }} Lock */

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/**
 * The optional packages that an entry of the lock asks for and the lock does not hold, with the place where each belongs.
 * @param {Lock} lock
 * @returns {{ path: string, entry: LockEntry }[]}
 */
export function missingPlatforms(lock) {
  /** @type {Map<string, LockEntry>} */
  const missing = new Map()
  /** @param {string} path */
  const held = (path) => lock.packages[path] ?? missing.get(path)
  for (const [ownerPath, owner] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(owner.optionalDependencies ?? {})) {
      const places = searchPath(ownerPath).map((folder) => `${folder}node_modules/${name}`)
      const nearest = places.find(held)
      const version = range.replace(/^[~^]/, '')
      if (nearest && (version !== range || held(nearest)?.version === version)) continue
      const path = nearest ? `${ownerPath}/node_modules/${name}` : `node_modules/${name}`
      missing.set(path, platformEntry({ name, version, owner }))
    }
  }
  return [...missing].map(([path, entry]) => ({ path, entry }))
}

/**
 * What `npm ci` would install without verifying it, or from an address of its own: one line each.
 * Workspaces (links) and packages inside another package's tarball have no tarball of their own.
 * @param {Lock} lock
 * @returns {string[]}
 */
export function unverified(lock) {
  return Object.entries(lock.packages).flatMap(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link || entry.inBundle) return []
    const { integrity = '', resolved } = entry
    return [
      ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity) ? [] : [`${path} has no sha512 integrity`]),
      ...(resolved === undefined ? [] : [`${path} is tied to an address (resolved)`]),
    ]
  })
}

/**
 * The folders in which a package looks for its dependencies, nearest first, as Node does.
 * @param {string} path
 */
function searchPath(path) {
  const folders = [`${path}/`]
  for (let at = path.lastIndexOf('node_modules/'); at > 0; at = path.lastIndexOf('node_modules/', at - 1)) {
    folders.push(path.slice(0, at))
  }
  return [...folders, '']
}

/**
 * @param {{ name: string, version: string, owner: LockEntry }} wanted
 * @returns {LockEntry}
 */
function platformEntry({ name, version, owner }) {
  const words = name.split(/[/-]/)
  const os = name === 'fsevents' ? 'darwin' : systems.find((system) => words.includes(system))
  const cpu = processors.find((processor) => words.includes(processor))
  return {
    version,
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(owner.dev ? { dev: true } : {}),
    ...(words.includes('musl') ? { libc: ['musl'] } : {}),
    optional: true,
    ...(os ? { os: [os] } : {}),
  }
}

/** @param {string} path @param {boolean} write */
function main(path, write) {
  const lock = /** @type {Lock} */ (JSON.parse(readFileSync(path, 'utf8')))
  const missing = missingPlatforms(lock)
  if (!write) {
    const faults = unverified(lock)
    if (faults.length > 0) {
      console.log(
        `package-lock.json lets npm install what it can't verify:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
      )
      console.log('Fill an integrity in from: npm view NAME@VERSION dist.integrity. Delete a "resolved".')
      process.exitCode = 1
    }
    if (missing.length === 0) return
    const names = missing.map(({ path }) => `  ${path}`).join('\n')
    console.log(`package-lock.json lacks ${missing.length} platform packages, so \`npm ci\` refuses it:\n${names}`)
    console.log('Run: node scripts/check-lock.mjs --write')
    process.exitCode = 1
    return
  }
  if (missing.length === 0) return
  for (const { path, entry } of missing) lock.packages[path] = entry
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
  lock.packages = Object.fromEntries(sorted)
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`package-lock.json: ${missing.length} platform packages added, their integrity is still to be filled in`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main('package-lock.json', process.argv.includes('--write'))
}
