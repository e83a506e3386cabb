// @ts-check
// `npm run schema`: checks the style of the binary form's schema and writes the code that the tests compare the codec with. With `--check` nothing is
// written: it fails when the committed code is not what the schema gives.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, root, run } from './command.mjs'

const schema = `${root}packages/oyez/proto`
const generated = `${root}packages/oyez/test/codec/protobuf/generated/client_pb.ts`

/** @param {string[]} command */
async function must(command) {
  const { code, output } = await run(command)
  if (code !== 0) throw new Error(output.trim() || `${command[0]} failed with ${code}`)
}

/** The code that the schema gives, in the form of the house. */
async function generate() {
  const folder = mkdtempSync(join(tmpdir(), 'oyez-schema-'))
  try {
    const template = join(folder, 'buf.gen.json')
    const options = ['target=ts', 'import_extension=ts']
    writeFileSync(
      template,
      JSON.stringify({ version: 'v2', plugins: [{ local: bin('protoc-gen-es'), out: folder, opt: options }] }),
    )
    await must([bin('buf'), 'generate', schema, '--template', template])
    return readFileSync(join(folder, 'client_pb.ts'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  await must([bin('buf'), 'lint', schema])
  const code = await generate()
  if (!process.argv.includes('--check')) writeFileSync(generated, code)
  else if (readFileSync(generated, 'utf8') !== code) throw new Error(`${generated} is old: run \`npm run schema\``)
} catch (error) {
  console.log(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
