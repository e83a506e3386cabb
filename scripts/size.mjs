// Prints the size of the client as a browser downloads it (bundled, minified, gzip level 9) and fails above the limit.
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const LIMIT_BYTES = 6 * 1024
const input = fileURLToPath(new URL('../packages/oyez/src/client/index.ts', import.meta.url))

const bundle = await rolldown({ input, platform: 'browser', treeshake: true })
const { output } = await bundle.generate({ format: 'esm', minify: true })
await bundle.close()
if (output.length !== 1) throw new Error(`the client must be one chunk, not ${output.length}`)

const { code, imports, dynamicImports } = output[0]
const foreign = [...imports, ...dynamicImports]
if (foreign.length) throw new Error(`the client must import nothing, not ${foreign.join(', ')}`)
// Notes for the bundler of an application, which takes them out.
const shipped = code.replaceAll('/* @__PURE__ */ ', '')
const bytes = gzipSync(shipped, { level: 9 }).length
console.log(`oyez/client: ${bytes} bytes min+gzip (${shipped.length} minified), limit ${LIMIT_BYTES}`)
if (bytes > LIMIT_BYTES) {
  console.error(`oyez/client is ${bytes - LIMIT_BYTES} bytes over its limit`)
  process.exit(1)
}
