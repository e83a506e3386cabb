// @ts-check
// `npm run bench`: builds what the benchmark needs, then runs it. Everything after `--` is for the benchmark; `-- --help` says what there is.
// `npm run bench -- --curve` measures what the capacity model is made of and held against, and writes the tables of docs/capacity.md.
// `npm run bench -- --micro` measures the codecs, and the bytes of a message on the wire and on the bus.
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

const args = process.argv.slice(2)
node(compiler, '-b', 'bench')
if (args[0] === '--curve') {
  node('bench/dist/curve/main.js', ...args.slice(1))
  node(compiler, '-b')
  node('scripts/capacity-page.mjs')
} else if (args[0] === '--micro') {
  node('bench/dist/micro/main.js')
} else {
  node('bench/dist/main.js', ...args)
}
