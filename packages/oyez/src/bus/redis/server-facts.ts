import { ErrorReply } from '@redis/client'
import type { AppendAck } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { TERM_DIGITS } from './epoch.ts'
import { toBusError } from './redis-error-table.ts'

/** The term of a master, out of INFO. @throws {BusError} when this is not a master or hides its replication id */
export function readTerm(info: unknown, address: string): string {
  const text = typeof info === 'string' ? info : ''
  if (/^role:slave/m.test(text)) throw toBusError(new ErrorReply('READONLY'), 'read', address)
  const id = /^master_replid:([0-9a-f]{40})/m.exec(text)?.[1]
  if (id === undefined) throw toBusError(new ErrorReply('NOREPLID'), 'read', address)
  return id.slice(0, TERM_DIGITS)
}

/** Whether a node of a Cluster says, in CLUSTER INFO, that it takes nothing: it was cut off from most of the others. */
export function isClusterDown(info: unknown): boolean {
  return typeof info === 'string' && info.includes('cluster_state:fail')
}

/**
 * Whether a Redis can acknowledge like that.
 *
 * @param durableProblem - why it cannot promise `durable`
 * @throws {BusError} `refused` when it cannot
 * @throws {TypeError} for what is no level of acknowledgement
 */
export function checkAck(ack: AppendAck, durableProblem: string | undefined, address: string): void {
  if (ack === 'accepted') return
  if (ack !== 'durable') {
    if (Number.isSafeInteger(ack.replicas) && ack.replicas >= 1) return
    throw new TypeError('AppendRequest.ack.replicas must be a whole number from 1')
  }
  if (durableProblem === undefined) return
  throw new BusError('refused', `Redis at ${address} ${durableProblem}`)
}
