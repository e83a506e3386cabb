import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'

it('the config file in the README is understood', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const yaml = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1]
  expect(yaml).toBeDefined()
  const directory = mkdtempSync(join(tmpdir(), 'oyez-readme-'))
  const file = join(directory, 'oyez.yaml')
  writeFileSync(file, yaml ?? '')
  const config = loadConfig({ file })
  rmSync(directory, { recursive: true })
  expect(config).toMatchObject({ port: 8001, apiKey: 'CHANGE-ME', limits: { maxPayloadBytes: 65_536 } })
  expect(config.channels.namespaces).toHaveProperty('typing.logged', false)
})
