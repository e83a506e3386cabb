import type { RedisPlaceOptions, RedisTarget } from './options.ts'

const FORM = /^(redis|rediss)(\+sentinel|\+cluster)?(\+tls)?:\/\/(?:([^@/]*)@)?([^/?@]*)(?:\/([^?]*))?(?:\?(.*))?$/
const BETWEEN_URLS = /[\s|,]+(?=rediss?(?:\+[a-z]+)*:\/\/)/
const EXPECTED =
  'a Redis URL must look like redis://127.0.0.1:6379, rediss://host:port, redis+sentinel://host:port,host:port/name or redis+cluster://host:port,host:port'

/**
 * Understands a Redis in one line of text, as command lines and configuration files have it:
 *
 * - `redis://[user:password@]host[:port][/database]`; `rediss://` for TLS
 * - `redis+sentinel://[user:password@]host:port,host:port/name[/database]`; the credentials are those of Redis, the sentinels' own go behind it:
 *   `?sentinelUsername=…&sentinelPassword=…`
 * - `redis+cluster://[user:password@]host:port,host:port`
 * - with `+tls` (or `rediss+…`) for TLS
 * - several of the first two, with spaces, commas or `|` between them: independent Redis that share the channels
 *
 * @throws {TypeError} naming what is wrong; the text itself is not repeated, since it may hold a password.
 */
export function parseRedisUrl(text: string): RedisTarget {
  const urls = text.trim().split(BETWEEN_URLS)
  const [first = ''] = urls
  if (urls.length === 1) return parseOne(first)
  return {
    shards: urls.map((url) => {
      const { cluster, ...place } = parseOne(url)
      if (cluster !== undefined)
        throw new TypeError('a Redis Cluster cannot be one of several Redis: it shards by itself')
      return place
    }),
  }
}

function parseOne(text: string): RedisPlaceOptions & Pick<RedisTarget, 'cluster'> {
  const [, scheme, kind, tls, login = '', hosts = '', path = '', query = ''] = FORM.exec(text) ?? []
  if (scheme === undefined) throw new TypeError(EXPECTED)
  const access = { ...loginOf(login), ...(scheme === 'rediss' || tls !== undefined ? { tls: {} } : {}) }
  const asked = new URLSearchParams(query)
  if (kind === undefined) {
    if (query !== '') throw new TypeError('a Redis URL has no query; only that of sentinels has one')
    if (hosts.includes(',')) throw new TypeError(EXPECTED)
    return { node: hosts === '' ? '127.0.0.1' : hosts, ...databaseOf(path), ...access }
  }
  const nodes = hosts.split(',').filter((host) => host !== '')
  if (nodes.length === 0) throw new TypeError(EXPECTED)
  if (kind === '+cluster') {
    if (path !== '' && path !== '0')
      throw new TypeError('a Redis Cluster has no databases: nothing goes behind its nodes')
    if (query !== '') throw new TypeError('a Redis URL has no query; only that of sentinels has one')
    return { cluster: { nodes }, ...access }
  }
  const [name = '', ...database] = path.split('/')
  if (name === '') throw new TypeError('a sentinel URL ends in the name of the master: redis+sentinel://host:port/name')
  for (const key of asked.keys()) {
    if (key !== 'sentinelUsername' && key !== 'sentinelPassword') {
      throw new TypeError('the query of a sentinel URL knows sentinelUsername and sentinelPassword')
    }
  }
  const sentinel = {
    name: decode(name),
    nodes,
    username: asked.get('sentinelUsername') ?? undefined,
    password: asked.get('sentinelPassword') ?? undefined,
  }
  return { sentinel, ...databaseOf(database.join('/')), ...access }
}

function loginOf(login: string): { username?: string; password?: string } {
  if (login === '') return {}
  const colon = login.indexOf(':')
  const username = decode(colon === -1 ? login : login.slice(0, colon))
  const password = colon === -1 ? '' : decode(login.slice(colon + 1))
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) }
}

function databaseOf(path: string): { database?: number } {
  if (path === '') return {}
  if (!/^\d{1,5}$/.test(path)) {
    throw new TypeError('a Redis URL ends in a database number, or in nothing after the port')
  }
  return { database: Number(path) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new TypeError('a Redis URL has a % that does not begin an encoded character')
  }
}
