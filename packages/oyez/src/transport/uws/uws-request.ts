import { type UpgradeRequest, chooseProtocol, claimsBody, formatOf } from '../upgrade.ts'
import type { UwsRequest, UwsResponse } from './uws-app.ts'

/** What an upgrade asks for, copied out of memory that is gone when the callback returns. */
export interface UwsUpgrade extends UpgradeRequest {
  readonly key: string
  /** The subprotocol to answer with; empty for none. */
  readonly protocol: string
}

const KEY = /^[+/0-9A-Za-z]{22}==$/
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const MAPPED_IPV4 = '0000:0000:0000:0000:0000:ffff:'

/** Reads an upgrade request. @returns `undefined` when it is none or claims to have a body: uWebSockets.js looks at the key's length only. */
export function readUwsUpgrade(request: UwsRequest, response: UwsResponse): UwsUpgrade | undefined {
  const headers = headerMap(request)
  const key = headers.get('sec-websocket-key') ?? ''
  const protocol = protocolOf(headers.get('sec-websocket-protocol') ?? '')
  if (
    headers.get('upgrade')?.toLowerCase() !== 'websocket' ||
    headers.get('sec-websocket-version') !== '13' ||
    !KEY.test(key) ||
    protocol === undefined ||
    claimsBody(headers.get('content-length'), headers.get('transfer-encoding'))
  ) {
    return undefined
  }
  const query = request.getQuery() ?? ''
  const url = query === '' ? request.getUrl() : `${request.getUrl()}?${query}`
  return { url, headers, remoteAddress: remoteAddressOf(response), format: formatOf(url, protocol), key, protocol }
}

function headerMap(request: UwsRequest): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  request.forEach((name, value) => {
    const before = map.get(name)
    map.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`)
  })
  return map
}

/** The subprotocol to agree on; `undefined` for an offer that is malformed. An empty header, which one SDK sends, is no offer. */
function protocolOf(offer: string): string | undefined {
  if (offer === '') return ''
  const names = offer.split(',').map((name) => name.trim())
  const distinct = new Set(names)
  if (distinct.size !== names.length || !names.every((name) => TOKEN.test(name))) return undefined
  return chooseProtocol(distinct) || ''
}

/** The address as Node would write it. */
function remoteAddressOf(response: UwsResponse): string {
  const text = Buffer.from(response.getRemoteAddressAsText()).toString('latin1')
  if (!text.includes(':')) return text
  if (text.startsWith(MAPPED_IPV4)) {
    const digits = text.slice(MAPPED_IPV4.length).replace(':', '')
    return `::ffff:${[...Buffer.from(digits, 'hex')].join('.')}`
  }
  return new URL(`http://[${text}]`).hostname.slice(1, -1)
}
