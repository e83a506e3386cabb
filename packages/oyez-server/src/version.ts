import { readFileSync } from 'node:fs'

/** The version of this package. */
export const VERSION: string = versionOf(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function versionOf(json: string): string {
  const { version } = JSON.parse(json) as { version: string }
  return version
}
