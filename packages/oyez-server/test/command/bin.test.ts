import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../../bin/oyez.js', import.meta.url))

it('the command says what to do when nothing is built yet', () => {
  const directory = mkdtempSync(join(tmpdir(), 'oyez-bin-'))
  mkdirSync(join(directory, 'bin'))
  const copy = join(directory, 'bin', 'oyez.mjs')
  copyFileSync(BIN, copy)
  const { status, stderr } = spawnSync(process.execPath, [copy, '--version'], { encoding: 'utf8' })
  rmSync(directory, { recursive: true })
  expect(status).toBe(1)
  expect(stderr).toBe('oyez: not built yet: run "npm run build" in the repository first\n')
})
