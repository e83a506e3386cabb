// `npm run bench -- --micro`: what encoding costs, and the bytes of a message. The tables are kept for BENCHMARKS.md.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { terminalTable } from '../report/terminal.ts'
import { busBytes } from './bus-bytes.ts'
import { loadCodecs } from './codec.ts'
import { codecSpeed } from './codec-speed.ts'
import { wireBytes } from './wire-bytes.ts'

const RESULTS = fileURLToPath(new URL('../../results/micro.json', import.meta.url))

const codecs = await loadCodecs()
const tables = []
for (const measure of [() => codecSpeed(codecs), () => wireBytes(codecs), busBytes]) {
  const table = await measure()
  console.log(terminalTable(table))
  tables.push(table)
}
writeFileSync(RESULTS, `${JSON.stringify(tables, undefined, 2)}\n`)
