import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = new URL('../../../..', import.meta.url).pathname
const SOURCE = join(ROOT, 'packages/oyez/src')

/** The files that ARCHITECTURE.md lists for each folder of the library. */
function drawn(): string[] {
  const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8')
  const block = /## The library, `packages\/oyez\/src`\n\n```\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const files: string[] = []
  let folder = ''
  for (const line of block.split('\n')) {
    const heading = /^([\w/-]+\/)\s/.exec(line)?.[1]
    if (heading !== undefined) folder = heading
    // A description begins after two spaces; several files may share a line without one.
    const names = /^\s*(?:[\w-]+\.ts\s?)+/.exec(line)?.[0].match(/[\w-]+\.ts/g) ?? []
    for (const name of names) files.push(line.startsWith(' ') ? folder + name : name)
  }
  return files
}

it("ARCHITECTURE.md's drawing of the library is the library", () => {
  const real = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(drawn().toSorted()).toEqual(real.toSorted())
})

it('the version that hubs tell is the version of the package', async () => {
  const { VERSION } = await import('../../src/hub/version.ts')
  const manifest = JSON.parse(readFileSync(join(ROOT, 'packages/oyez/package.json'), 'utf8')) as { version: string }
  expect(VERSION).toBe(manifest.version)
})
