import type { AppendRequest, ReadRequest } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import type { Topology } from './topology/topology.ts'

/** What the self-test of the start needs of the bus. */
export interface SelfTestHost {
  /** One for every Redis. */
  readonly channels: readonly string[]
  readonly topology: Topology
  /** Calls `heard` with the channel of each publication, until it is called with `undefined`. */
  readonly listen: (heard: ((channel: string) => void) | undefined) => void
  readonly append: (request: AppendRequest) => Promise<void>
  readonly read: (request: ReadRequest) => Promise<void>
  readonly heads: (channel: string) => Promise<void>
  readonly prefix: string
  readonly address: string
}

/** For the test messages to come back. */
const PATIENCE_MS = 1_000
const RETENTION = { size: 1, ttlMs: 1_000, metaTtlMs: 1_000 }

/** Sends every Redis a message to itself, so that what does not work is found now and not at the first real one. */
export async function selfTest(host: SelfTestHost): Promise<void> {
  const { channels, topology } = host
  const missing = new Set(channels)
  let timer: NodeJS.Timeout | undefined
  const heard = new Promise<void>((resolve) => {
    host.listen((channel) => {
      missing.delete(channel)
      if (missing.size === 0) resolve()
    })
  })
  try {
    await topology.subscribe(channels)
    await Promise.all(
      channels.map(async (channel) => {
        await host.append({ channel, record: new Uint8Array(), retention: RETENTION })
        await host.heads(channel)
        await host.read({ channel, limit: 1, retention: RETENTION })
      }),
    )
    const late = new Promise<never>((_, reject) => {
      const { address, prefix } = host
      const text = `Redis at ${address} stored a test message and did not publish it; has this user the right to the channels ${prefix}:*?`
      timer = setTimeout(() => reject(new BusError('refused', text)), PATIENCE_MS)
    })
    await Promise.race([heard, late])
  } finally {
    clearTimeout(timer)
    host.listen(undefined)
  }
  await topology.unsubscribe(channels)
}
