/** Which web pages may connect: those of the same host, exactly the listed origins, or all. */
export type OriginPolicy = 'same-host' | 'any' | readonly string[]

/**
 * Decides on a request's `Origin` before the upgrade (cross-site WebSocket hijacking). A browser always sends one; a request without it does not
 * come from a web page. The opaque origin `null` matches nothing but `any`.
 *
 * @param origin - The `Origin` header.
 * @param host - The `Host` header, with its port where it has one.
 */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, policy: OriginPolicy): boolean {
  if (origin === undefined || policy === 'any') return true
  if (policy !== 'same-host') return policy.includes(origin)
  if (host === undefined || host === '') return false
  return origin === `http://${host.toLowerCase()}` || origin === `https://${host.toLowerCase()}`
}
