import { createRequire } from 'node:module'
import type * as uws from '@trufflesuite/uws-js-unofficial'
import { describe } from 'vitest'

/** A real uWebSockets.js, from npm; see {@link describeUws} for where it loads. */
export type Uws = typeof uws

/** What the package has binaries for: the module versions of Node 16, 18 and 20. Elsewhere it would quietly be something else. */
const ABIS = ['93', '108', '115']
const SYSTEMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']

function load(): Uws | string {
  const here = `${process.platform}-${process.arch}`
  if (!ABIS.includes(process.versions.modules) || !SYSTEMS.includes(here)) {
    return `no uWebSockets.js for Node ${process.versions.node} on ${here}; run the tests on Node 20 to see these`
  }
  const found = createRequire(import.meta.url)('@trufflesuite/uws-js-unofficial') as Uws
  // Where its binary does not load, the package says so and falls back to an imitation, which would prove nothing.
  return Function.prototype.toString.call(found.App).includes('[native code]')
    ? found
    : `the binary of uWebSockets.js does not load on this ${here}`
}

const loaded = load()

/** A group of tests against a real uWebSockets.js; skipped, with the reason in its name and on standard error, where none loads. */
export function describeUws(name: string, body: (uws: Uws) => void): void {
  if (typeof loaded !== 'string') describe(name, () => body(loaded))
  else {
    process.stderr.write(`SKIPPED: ${name}: ${loaded}\n`)
    describe.skip(`${name} (${loaded})`, () => body({} as Uws))
  }
}

/** An app of uWebSockets.js that listens on a free loopback port. */
export interface ListeningApp {
  readonly port: number
  readonly close: () => void
}

export function listenUws(uws: Uws, app: uws.TemplatedApp): Promise<ListeningApp> {
  return new Promise((resolve, reject) => {
    app.listen('127.0.0.1', 0, (socket) => {
      if (socket === false) reject(new Error('uWebSockets.js does not listen'))
      else resolve({ port: uws.us_socket_local_port(socket), close: () => uws.us_listen_socket_close(socket) })
    })
  })
}
