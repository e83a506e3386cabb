/** Names in one SUBSCRIBE: small enough that other connections are served in between. */
const LARGEST = 1_000
const HASH_TAG = /\{([^}]*)\}/

/**
 * Names in commands of a bearable size.
 *
 * @param sharded - In a Cluster a command takes names of one slot: those with the same hash tag.
 */
export function subscriptionBatches(names: readonly string[], sharded: boolean): string[][] {
  const groups = new Map<string, string[]>()
  for (const name of names) {
    const group = sharded ? (HASH_TAG.exec(name)?.[1] ?? '') : ''
    const members = groups.get(group)
    if (members === undefined) groups.set(group, [name])
    else members.push(name)
  }
  const batches: string[][] = []
  for (const members of groups.values()) {
    for (let at = 0; at < members.length; at += LARGEST) batches.push(members.slice(at, at + LARGEST))
  }
  return batches
}
