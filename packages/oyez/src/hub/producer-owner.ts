import { createHash } from 'node:crypto'

/** What tells users apart, and those who have no name. */
export interface ProducerHolder {
  /** `''` for an anonymous connection. */
  readonly userId: string
  readonly remoteAddress: string
}

/**
 * Whose producers these are, as a short text for the bus: the user's, or those of all anonymous connections from the same network. Somebody without a name
 * has many connections for nothing, but not many addresses; in IPv6 a household has a whole /64.
 */
export function producerOwner({ userId, remoteAddress }: ProducerHolder): string {
  const name = userId === '' ? `address ${networkOf(remoteAddress)}` : `user ${userId}`
  return createHash('sha256').update(name).digest('base64url').slice(0, 11)
}

/** An IPv4 address as it is, the first 64 bits of an IPv6 address. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...first, ...Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last]
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
