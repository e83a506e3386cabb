import { hostname } from 'node:os'
import { isIP } from 'node:net'

/**
 * Whether a `Host` header names this machine in a way that no stranger can make up: `localhost`, an IP address, the machine's own name, or the host that the
 * server was told to listen on. A page whose domain was pointed at this machine after it was loaded (DNS rebinding) sends its own domain.
 *
 * @param host - The `Host` header, with its port where it has one; `undefined` when there is none, which no browser does.
 * @param listensOn - The configured host.
 */
export function isLocalHost(host: string | undefined, listensOn: string): boolean {
  if (host === undefined) return true
  const name = host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
  const bare = name.replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return isIP(bare) !== 0 || name === hostname().toLowerCase() || bare === listensOn.toLowerCase()
}

/** Whether an `Origin` is a page of this machine, such as the one of a development server on another port. */
export function isLocalOrigin(origin: string, listensOn: string): boolean {
  const host = /^https?:\/\/([^/?#@\s]+)$/i.exec(origin)?.[1]
  return host !== undefined && isLocalHost(host, listensOn)
}
