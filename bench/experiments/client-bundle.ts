import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Experiment } from './experiment.ts'

const SIZE = fileURLToPath(new URL('../../../scripts/size.mjs', import.meta.url))

/** What a browser downloads. */
export const clientBundle: Experiment = {
  name: 'client-bundle',
  label: 'the client as a browser downloads it',
  async run({ say }) {
    const { stdout } = await promisify(execFile)(process.execPath, [SIZE])
    say(`  ${stdout.trim()}`)
    const bytes = Number(/(\d+) bytes min\+gzip/.exec(stdout)?.[1] ?? Number.NaN)
    return { name: this.name, figures: { bytes }, tables: [] }
  },
}
