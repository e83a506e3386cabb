/**
 * Which web pages may connect: those of the same host, those of the listed origins, all, or what a function decides from the `Origin` and `Host` headers.
 */
export type OriginPolicy =
  | 'same-host'
  | 'any'
  | readonly string[]
  | ((origin: string, host: string | undefined) => boolean)

/** An upgrade that was answered with 403, because its page may not connect. */
export interface RefusedOrigin {
  /** The `Origin` header, as the client sent it. */
  readonly origin: string
  /** The `Host` header, as the client or a proxy sent it. */
  readonly host: string | undefined
}

/** Scheme, host and port of an origin or of a `Host` header, in lower case; the port is `''` where none is written. */
interface Address {
  readonly scheme: string
  readonly name: string
  readonly port: string
}

const HOST = String.raw`(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?`
const ORIGIN = new RegExp(`^(https?)://${HOST}$`, 'i')
const HOST_HEADER = new RegExp(`^${HOST}$`, 'i')
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * Decides on a request's `Origin` before the upgrade (cross-site WebSocket hijacking). A browser always sends one; a request without it does not
 * come from a web page. The opaque origin `null` matches nothing but `any`. Origins are compared as scheme, host and port (RFC 6454), so that
 * `https://example.com` and `https://EXAMPLE.com:443` are one. A `Host` header has no scheme: with the default port of the origin's scheme, or
 * without a port, it names the same host.
 *
 * @param origin - The `Origin` header.
 * @param host - The `Host` header, with its port where it has one.
 */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, policy: OriginPolicy): boolean {
  if (origin === undefined || policy === 'any') return true
  if (typeof policy === 'function') return policy(origin, host)
  const page = addressOf(ORIGIN, origin)
  if (page === undefined) return false
  if (policy !== 'same-host') {
    return policy.some((listed) => {
      const address = addressOf(ORIGIN, listed)
      return (
        address?.scheme === page.scheme && address.name === page.name && portOf(address, page) === portOf(page, page)
      )
    })
  }
  const server = addressOf(HOST_HEADER, host ?? '')
  return server?.name === page.name && portOf(server, page) === portOf(page, page)
}

/** Tells a listener's owner about a refused origin. What goes wrong there must not keep the upgrade from being answered. */
export function tellRefused(
  tell: ((refused: RefusedOrigin) => void) | undefined,
  origin: string | undefined,
  host: string | undefined,
): void {
  try {
    tell?.({ origin: origin ?? '', host })
  } catch {
    // The owner's fault, and the client gets its 403 all the same.
  }
}

function addressOf(form: RegExp, text: string): Address | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [scheme = '', name = '', port = ''] = form === ORIGIN ? match.slice(1) : ['', ...match.slice(1)]
  return { scheme: scheme.toLowerCase(), name: name.toLowerCase(), port: port === '' ? '' : String(Number(port)) }
}

/** The port that is meant; where none is written, the default of the page's scheme. */
function portOf({ port }: Address, { scheme }: Address): string | undefined {
  return port === '' ? DEFAULT_PORTS[scheme] : port
}
