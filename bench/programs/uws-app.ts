import { createRequire } from 'node:module'
import type { TemplatedApp } from '@trufflesuite/uws-js-unofficial'

interface Uws {
  readonly App: () => TemplatedApp
  readonly us_socket_local_port: (socket: object) => number
}

/** An app of uWebSockets.js: the unofficial build on npm, which has binaries for Node 16, 18 and 20. @throws where it has none. */
export function uwsApp(): { readonly app: TemplatedApp; readonly listen: () => Promise<{ readonly port: number }> } {
  const uws = createRequire(import.meta.url)('@trufflesuite/uws-js-unofficial') as Uws
  // Without a binary the package falls back to an imitation, of which no figure would mean anything.
  if (!Function.prototype.toString.call(uws.App).includes('[native code]')) {
    throw new Error(`no uWebSockets.js for Node ${process.versions.node}`)
  }
  const app = uws.App()
  const listen = (): Promise<{ readonly port: number }> =>
    new Promise((resolve, reject) => {
      app.listen('127.0.0.1', 0, (socket) => {
        if (socket === false) reject(new Error('uWebSockets.js does not listen'))
        else resolve({ port: uws.us_socket_local_port(socket) })
      })
    })
  return { app, listen }
}
