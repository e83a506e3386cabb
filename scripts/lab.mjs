// @ts-check
// `npm run lab`: builds what the laboratory needs, then runs it. Everything after `--` is for the laboratory; `-- --help` says what there is.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = `${root}node_modules/typescript/bin/tsc`

if (!existsSync(compiler)) {
  console.error('Nothing is installed yet: run `npm ci` first.')
  process.exit(1)
}

/** @param {...string} args */
function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

node(compiler, '-b', 'lab')
node('lab/dist/main.js', ...process.argv.slice(2))
