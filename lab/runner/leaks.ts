import { RespClient, listOf, textOf } from '../redis/resp-client.ts'
import type { NodeInfo } from './node-process.ts'
import type { Deployment } from './deployment.ts'
import { pause } from './until.ts'

/** What must be as it was before the first client came. */
const FIELDS = [
  'connections',
  'users',
  'subscriptions',
  'channels',
  'bus_channels',
  'sequencers',
  'lagging',
  'queued_bytes',
  'ring_bytes',
]
/** Channels linger for a second; a client that was lost without a word is noticed within 35 s. */
const DEADLINE_MS = 45_000

/** The state of the nodes that must come back when everybody has gone. */
export async function baselineOf(deployment: Deployment): Promise<readonly NodeInfo[]> {
  return Promise.all(deployment.nodes.map(async (node) => only(await node.info())))
}

/** I14: waits until the nodes are as they were. @returns What is left over, in words; empty when nothing is. */
export async function leaks(deployment: Deployment, baseline: readonly NodeInfo[]): Promise<readonly string[]> {
  const end = performance.now() + DEADLINE_MS
  for (;;) {
    const now = await baselineOf(deployment)
    const left = [
      ...now.flatMap((info, index) => differences(info, { before: baseline[index] ?? {}, index })),
      ...(await deadHints(deployment)),
    ]
    if (left.length === 0 || performance.now() > end) return left
    await pause(200)
  }
}

function only(info: NodeInfo): NodeInfo {
  return Object.fromEntries(FIELDS.map((field) => [field, info[field]]))
}

function differences(info: NodeInfo, { before, index }: { before: NodeInfo; index: number }): string[] {
  return FIELDS.filter((field) => info[field] !== before[field]).map(
    (field) => `left over at node ${index + 1}: ${field} is ${String(info[field])}, was ${String(before[field])}`,
  )
}

/** Hint channels of the lab's channels to which somebody at Redis is still subscribed. */
async function deadHints(deployment: Deployment): Promise<string[]> {
  const left: string[] = []
  for (const port of await deployment.store.masters()) {
    for (const name of listOf(await RespClient.once(port, 'PUBSUB', 'CHANNELS', '*lab:*'))) {
      left.push(`left over at Redis: a subscription to ${textOf(name)}`)
    }
  }
  return left
}
