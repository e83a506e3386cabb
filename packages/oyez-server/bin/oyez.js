#!/usr/bin/env node
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access -- no TypeScript project holds this file */
// npm links a bin when it installs, before anything is built: so this file is written by hand and always there.
import { existsSync } from 'node:fs'

const cli = new URL('../dist/cli.js', import.meta.url)
if (existsSync(cli)) {
  await import(cli.href)
} else {
  process.stderr.write('oyez: not built yet: run "npm run build" in the repository first\n')
  process.exitCode = 1
}
