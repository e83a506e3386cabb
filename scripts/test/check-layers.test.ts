import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkRepository } from '../check-layers.mjs'

let repository: string

/** Writes files into a small repository that has the library's doors `.` and `./client`. */
function plant(files: Record<string, string>): string[] {
  const manifest = JSON.stringify({ name: 'oyez', exports: { '.': './dist/index.js', './client': './dist/client.js' } })
  for (const [path, text] of Object.entries({ 'packages/oyez/package.json': manifest, ...files })) {
    mkdirSync(dirname(join(repository, path)), { recursive: true })
    writeFileSync(join(repository, path), text)
  }
  return checkRepository(repository)
}

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'oyez-layers-'))
})

afterEach(() => {
  rmSync(repository, { recursive: true })
})

const library = 'packages/oyez/src'

describe('the layer check', () => {
  test('is silent about a house in order', () => {
    const problems = plant({
      [`${library}/index.ts`]: "export { Hub } from './hub/hub.ts'\n",
      [`${library}/protocol/position.ts`]: 'export interface Position { offset: number }\n',
      [`${library}/bus/bus.ts`]: "import type { Position } from '../protocol/position.ts'\nexport type P = Position\n",
      [`${library}/bus/redis/redis-bus.ts`]: "import { createClient } from '@redis/client'\nimport '../bus.ts'\n",
      [`${library}/hub/hub.ts`]: "import { randomUUID } from 'node:crypto'\nimport type { P } from '../bus/bus.ts'\n",
      'packages/oyez-server/src/cli.ts': "import { Hub } from 'oyez'\nimport { Client } from 'oyez/client'\n",
    })
    expect(problems).toEqual([])
  })

  test.each([
    ['a hub that knows a concrete bus', 'hub/hub.ts', "import { RedisBus } from '../bus/redis/redis-bus.ts'"],
    ['a type import across layers', 'client/client.ts', "import type { Hub } from '../hub/hub.ts'"],
    ['a re-export across layers', 'protocol/codec.ts', "export { Hub } from '../hub/hub.ts'"],
    ['a dynamic import across layers', 'client/client.ts', "const hub = await import('../hub/hub.ts')"],
    ['an import over several lines', 'client/client.ts', "import {\n  Hub,\n} from '../hub/hub.ts'"],
    ['a package in the client', 'client/client.ts', "import WebSocket from 'ws'"],
    ['Node in the protocol', 'protocol/codec.ts', "import { Buffer } from 'node:buffer'"],
    ['a bus that reads the protocol', 'bus/bus.ts', "import type { Message } from '../protocol/message.ts'"],
    ['one bus that uses another', 'bus/worker/worker-bus.ts', "import { MemoryBus } from '../memory/memory-bus.ts'"],
    ['a bus with a foreign driver', 'bus/memory/memory-bus.ts', "import { createClient } from '@redis/client'"],
    ['a folder that no layer knows', 'extra/thing.ts', 'export {}'],
  ])('finds %s', (_what, path, text) => {
    const problems = plant({ [`${library}/${path}`]: `${text}\n` })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${library}/${path}: `)
  })

  test('finds a circle of type imports and names its members', () => {
    const problems = plant({
      [`${library}/hub/a.ts`]: "import type { B } from './b.ts'\n",
      [`${library}/hub/b.ts`]: "import type { C } from './c.ts'\n",
      [`${library}/hub/c.ts`]: "export * from './a.ts'\n",
    })
    expect(problems).toEqual([`${library}/hub/a.ts: import circle hub/a.ts -> hub/b.ts -> hub/c.ts -> hub/a.ts`])
  })

  test('finds inner code that walks through a door', () => {
    const problems = plant({ [`${library}/hub/hub.ts`]: "import { Hub } from './index.ts'\n" })
    expect(problems).toEqual([`${library}/hub/hub.ts: imports ./index.ts; import the file that holds it`])
  })

  test.each([
    ['a deep import of the library', "import { Hub } from 'oyez/dist/hub/hub.js'"],
    ['a relative import of the library', "import { Hub } from '../../oyez/src/hub/hub.ts'"],
  ])('finds a server with %s', (_what, text) => {
    const problems = plant({ 'packages/oyez-server/src/cli.ts': `${text}\n` })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain('is no door of the library')
  })

  test('finds a file over 400 lines, and none of exactly 400', () => {
    const problems = plant({ 'bench/long.mjs': '\n'.repeat(401), 'bench/fits.mjs': '\n'.repeat(400) })
    expect(problems).toEqual(['bench/long.mjs: 401 lines; at most 400'])
  })

  test.each(['utils', 'helpers', 'common', 'types', 'session-manager'])('finds a file called %s', (name) => {
    const problems = plant({ [`packages/oyez/test/${name}.ts`]: 'export {}\n' })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`packages/oyez/test/${name}.ts: `)
  })

  test('does not take an example in a comment for an import', () => {
    const problems = plant({ [`${library}/client/client.ts`]: "/**\n * import { Hub } from 'oyez'\n */\nexport {}\n" })
    expect(problems).toEqual([])
  })
})
