// @ts-check
import { cpSync, existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { bin, root, run, seconds } from './command.mjs'
import { SetupError, ensurePackages, runMain } from './setup.mjs'

/**
 * Compiles every package, then bundles the demo page for the browser.
 * @throws {SetupError} when the compiler or the bundler refuses the sources
 */
export async function build() {
  const started = performance.now()
  const compiled = await run([bin('tsc'), '-b'])
  if (compiled.code !== 0) throw new SetupError(`${compiled.output}\nThe build failed: tsc -b (its message is above).`)
  await bundleSquare()
  console.log(`Built in ${seconds(performance.now() - started)}.`)
}

async function bundleSquare() {
  const square = `${root}apps/square/`
  const input = `${square}src/main.ts`
  if (!existsSync(input)) return
  // Imported here, because this file is loaded before `npm ci` has brought the bundler.
  const { build: bundle } = await import('rolldown')
  try {
    await bundle({
      input,
      platform: 'browser',
      tsconfig: `${square}tsconfig.json`,
      output: { file: `${square}dist/app.js`, format: 'esm', minify: true, sourcemap: true },
    })
  } catch (error) {
    throw new SetupError(`${String(error)}\nThe build failed: the demo page could not be bundled (apps/square).`)
  }
  cpSync(`${square}public`, `${square}dist`, { recursive: true })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    await ensurePackages()
    await build()
  })
}
