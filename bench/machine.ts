import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, cpus, totalmem, type } from 'node:os'
import type { Results } from './figures.ts'

export function machine(): Results['machine'] {
  const [first] = cpus()
  return {
    cpu: first?.model ?? 'unknown CPU',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${distribution() ?? type()}, ${arch()}`,
  }
}

/** What took part in the run. */
export function versions(redisVersion: string): Record<string, string> {
  return {
    Node: process.versions.node,
    Redis: redisVersion,
    ...Object.fromEntries(
      [
        'oyez',
        'ws',
        '@redis/client',
        'socket.io',
        '@socket.io/redis-adapter',
        '@socket.io/redis-streams-adapter',
        '@trufflesuite/uws-js-unofficial',
      ].map((name) => [name, versionOf(name)]),
    ),
  }
}

function versionOf(name: string): string {
  // Not every package lets its package.json be required, so it is looked for where the module resolver would look.
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as {
        readonly version: string
      }
      return version
    } catch {
      // Not here: the next folder up.
    }
  }
  return 'unknown'
}

function distribution(): string | undefined {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
