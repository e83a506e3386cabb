import type { AppendRequest, Position, ProducerStamp, ReadRequest, Retention } from '../bus.ts'
import type { BusErrorCode } from '../bus-error.ts'

/**
 * Marks our messages among everything else that an application sends between a primary and its workers. The number is the version of what
 * follows: a message of another version is a foreign message.
 */
export const ENVELOPE = 'oyez/worker-bus/1'

/** What a bus asks of the broker. `id` counts up per bus; every call with an id is answered once. */
export type WorkerCall = { readonly id: number } & (
  | { readonly op: 'hello'; readonly probe: Uint8Array }
  | { readonly op: 'ping' | 'bye' }
  | { readonly op: 'subscribe' | 'unsubscribe' | 'heads'; readonly channels: readonly string[] }
  | { readonly op: 'broadcast'; readonly channel: string; readonly bytes: Uint8Array }
  | {
      readonly op: 'closeProducer'
      readonly channel: string
      readonly producerId: string
      readonly owner: string | undefined
    }
  | { readonly op: 'append'; readonly request: AppendRequest }
  | { readonly op: 'read'; readonly request: ReadRequest }
)

/** What the broker tells a bus, in the order in which it happened. */
export type BrokerItem =
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly code: BusErrorCode; readonly message: string }
  | {
      readonly kind: 'hint'
      readonly channel: string
      readonly bytes: Uint8Array
      readonly position: Position | undefined
    }
  | { readonly kind: 'gap'; readonly channels: readonly string[] | undefined }
  /** The broker does not know the bus that made this call: it must say hello and subscribe again. */
  | { readonly kind: 'stranger'; readonly id: number }

/** One process message: calls towards the primary, items towards a worker. `bus` names the bus within its process. */
export interface Envelope<T> {
  readonly oyez: typeof ENVELOPE
  readonly bus: string
  readonly batch: readonly T[]
}

/** The envelope in a process message, or `undefined` when the message is not ours. What is in the batch is still to be narrowed. */
export function readEnvelope(message: unknown): Envelope<unknown> | undefined {
  if (!isObject(message) || message['oyez'] !== ENVELOPE) return undefined
  const { bus, batch } = message
  return typeof bus === 'string' && Array.isArray(batch) ? { oyez: ENVELOPE, bus, batch } : undefined
}

/** The call's id, if it has one: for answering a call that cannot be read. */
export function readId(value: unknown): number | undefined {
  return isObject(value) && Number.isSafeInteger(value['id']) ? (value['id'] as number) : undefined
}

/** A call, or `undefined` for anything that is none. */
export function readCall(value: unknown): WorkerCall | undefined {
  const id = readId(value)
  if (!isObject(value) || id === undefined) return undefined
  const { op, channel, channels, bytes, probe, request, producerId, owner } = value
  switch (op) {
    case 'hello':
      return isBytes(probe) ? { id, op, probe } : undefined
    case 'ping':
    case 'bye':
      return { id, op }
    case 'subscribe':
    case 'unsubscribe':
    case 'heads':
      return isStrings(channels) ? { id, op, channels } : undefined
    case 'broadcast':
      return typeof channel === 'string' && isBytes(bytes) ? { id, op, channel, bytes } : undefined
    case 'closeProducer':
      return typeof channel === 'string' && typeof producerId === 'string' && isOptionalString(owner)
        ? { id, op, channel, producerId, owner }
        : undefined
    case 'append':
      return isAppendRequest(request) ? { id, op, request } : undefined
    case 'read':
      return isReadRequest(request) ? { id, op, request } : undefined
    default:
      return undefined
  }
}

/** An item, or `undefined` for anything that is none. The value of a reply is the broker's and not looked into. */
export function readItem(value: unknown): BrokerItem | undefined {
  if (!isObject(value)) return undefined
  const { kind, channel, channels, bytes, position, code, message } = value
  const id = readId(value)
  switch (kind) {
    case 'reply':
      return id === undefined ? undefined : { kind, id, value: value['value'] }
    case 'failure':
      return id === undefined || !isErrorCode(code) ? undefined : { kind, id, code, message: String(message) }
    case 'hint':
      return typeof channel === 'string' && isBytes(bytes) && (position === undefined || isPosition(position))
        ? { kind, channel, bytes, position }
        : undefined
    case 'stranger':
      return id === undefined ? undefined : { kind, id }
    case 'gap':
      return channels === undefined || isStrings(channels) ? { kind, channels } : undefined
    default:
      return undefined
  }
}

function isAppendRequest(value: unknown): value is AppendRequest {
  return (
    isObject(value) &&
    typeof value['channel'] === 'string' &&
    isBytes(value['record']) &&
    isRetention(value['retention']) &&
    (value['producer'] === undefined || isProducer(value['producer'])) &&
    (value['idempotencyKey'] === undefined || typeof value['idempotencyKey'] === 'string')
  )
}

function isReadRequest(value: unknown): value is ReadRequest {
  return (
    isObject(value) &&
    typeof value['channel'] === 'string' &&
    isCount(value['limit']) &&
    isRetention(value['retention']) &&
    (value['after'] === undefined || isPosition(value['after'])) &&
    (value['maxBytes'] === undefined || isCount(value['maxBytes'])) &&
    (value['mint'] === undefined || typeof value['mint'] === 'boolean') &&
    (value['reverse'] === undefined || typeof value['reverse'] === 'boolean')
  )
}

function isRetention(value: unknown): value is Retention {
  return isObject(value) && isCount(value['size']) && isCount(value['ttlMs']) && isCount(value['metaTtlMs'])
}

function isProducer(value: unknown): value is ProducerStamp {
  return (
    isObject(value) &&
    typeof value['id'] === 'string' &&
    typeof value['seq'] === 'number' &&
    isOptionalString(value['owner'])
  )
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function isPosition(value: unknown): value is Position {
  return isObject(value) && typeof value['epoch'] === 'string' && typeof value['offset'] === 'number'
}

function isErrorCode(value: unknown): value is BusErrorCode {
  return value === 'unavailable' || value === 'uncertain' || value === 'refused' || value === 'closed'
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
