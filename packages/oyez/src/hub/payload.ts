import type { Payload } from '../protocol/message.ts'
import { toPayload } from './hooks.ts'

/**
 * The bytes of what the application publishes: of its JSON form, or in a channel of binary payloads a `Uint8Array` as it is.
 *
 * @throws {TypeError} when the value has no JSON form, or no bytes, or more than `maxBytes`.
 */
export function encodePayload(data: unknown, { binary }: { readonly binary: boolean }, maxBytes: number): Payload {
  const payload = bytesOf(data, binary)
  if (payload.length <= maxBytes) return payload
  throw new TypeError(`payload has ${payload.length} bytes, more than limits.maxPayloadBytes (${maxBytes})`)
}

function bytesOf(data: unknown, binary: boolean): Payload {
  if (!binary || !(data instanceof Uint8Array)) return toPayload(data)
  if (data.length === 0) throw new TypeError('payload is empty')
  return data
}

/** What the application sees of a payload: the JSON value, or in a channel of binary payloads the bytes. */
export function decodePayload(data: Payload, { binary }: { readonly binary: boolean }): unknown {
  return binary
    ? data
    : (JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8')) as unknown)
}
