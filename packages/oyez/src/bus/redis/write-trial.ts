import type { AppendRequest } from '../bus.ts'
import { type Script, script } from './scripts.ts'
import type { Topology } from './topology/topology.ts'

/** Asks for a write that changes nothing: Redis checks memory, disk, replicas and rights before it sees that there is no such stream. */
export const WRITE_TRIAL: Script = script(`
redis.call('XADD', KEYS[2], 'NOMKSTREAM', '*', 'd', '')
return 1
`)

/** Keys of this channel are only ever written by trials, and expire at once. */
const CHANNEL = '@trial'
const RETENTION = { size: 1, ttlMs: 1_000, metaTtlMs: 1_000 }

/**
 * Tries on every Redis of the topology whether it takes writes.
 *
 * @param append - Also appends a record, as a publication does. @default nothing is stored
 * @returns what went wrong, one error for each Redis that refused or could not be reached
 */
export async function writeTrial(
  topology: Topology,
  append: ((request: AppendRequest) => Promise<unknown>) | undefined,
): Promise<unknown[]> {
  const { keys } = topology
  const tried = await Promise.allSettled(
    topology.sampleChannels(CHANNEL).map(async (channel) => {
      // The stream of the thorough trial exists for a second: the light one uses another name in the same place.
      const names = [keys.meta(channel), `${keys.log(channel)}:none`]
      await topology.run('write', channel, { script: WRITE_TRIAL, keys: names, args: [] })
      await append?.({ channel, record: new Uint8Array(), retention: RETENTION })
    }),
  )
  return tried.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
}
