import type { Payload } from '../protocol/message.ts'
import { channelProblem } from '../protocol/channel.ts'
import { isTooDeep } from '../protocol/json-span.ts'
import { toJson } from './hooks.ts'
import { JsonText, storedJson } from './json-text.ts'

/** The payloads of calls and messages, and the info of publishers, are JSON whatever the rule of the channel is. */
export const JSON_PAYLOAD: { readonly binary: boolean } = { binary: false }

/** @throws {TypeError} when a channel name of the application is not acceptable, saying why. */
export function checkChannel(channel: string): void {
  const problem = channelProblem(channel)
  if (problem !== undefined) throw new TypeError(problem)
}

/**
 * The bytes of a payload of the application: of its JSON form, of a {@link JsonText} as it is, or in a channel of binary payloads a `Uint8Array` as it is.
 *
 * @throws {TypeError} when the value has no JSON form, is nested more than 128 levels deep, or has no bytes or more than `maxBytes`.
 */
export function encodePayload(data: unknown, { binary }: { readonly binary: boolean }, maxBytes: number): Payload {
  const payload = bytesOf(data, binary)
  if (payload.length <= maxBytes) return payload
  throw new TypeError(`payload has ${payload.length} bytes, more than limits.maxPayloadBytes (${maxBytes})`)
}

function bytesOf(data: unknown, binary: boolean): Payload {
  if (binary && data instanceof Uint8Array) {
    if (data.length === 0) throw new TypeError('payload is empty')
    return data
  }
  const text = toJson(data)
  // A JsonText was looked at when it was made.
  if (!(data instanceof JsonText) && isTooDeep(text)) throw new TypeError('payload is nested more than 128 levels deep')
  return Buffer.from(text)
}

/** What the application sees of a payload: the JSON value, or in a channel of binary payloads the bytes. */
export function decodePayload(data: Payload, { binary }: { readonly binary: boolean }): unknown {
  return binary
    ? data
    : (JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8')) as unknown)
}

/** A payload as its source text; the bytes in a channel of binary payloads. */
export function rawPayload(data: Payload, { binary }: { readonly binary: boolean }): JsonText | Uint8Array {
  return binary ? data : storedJson(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8'))
}
