import type { Payload } from '../../protocol/message.ts'
import { CLIENT_INFO } from './field-number.ts'
import { WireWriter } from './wire-writer.ts'

const NOBODY = new Uint8Array(0)
const MAX_ENTRIES = 256
const MAX_ENTRY_BYTES = 512

/** The same publisher speaks again and again: looking its form up costs a sixth of parsing it. Cleared when full. */
const memo = new Map<string, Uint8Array>()

/**
 * The publisher of a publication as a `ClientInfo` message, made from the JSON form's object, as which hubs keep it. Empty for anything else that was
 * written into the log.
 */
export function publisherInfo(info: Payload): Uint8Array {
  const bytes = Buffer.from(info.buffer, info.byteOffset, info.length)
  if (info.length > MAX_ENTRY_BYTES) return convert(bytes)
  const key = bytes.toString('latin1')
  const known = memo.get(key)
  if (known !== undefined) return known
  if (memo.size >= MAX_ENTRIES) memo.clear()
  const converted = convert(bytes)
  memo.set(key, converted)
  return converted
}

function convert(bytes: Buffer): Uint8Array {
  try {
    const { user, client, conn_info }: Fields = JSON.parse(bytes.toString('utf8')) as Fields
    const writer = new WireWriter(bytes.length + 32)
    // The text is the same again: a hub wrote it with JSON.stringify.
    if (conn_info !== undefined) writer.bytes(CLIENT_INFO.connInfo, Buffer.from(JSON.stringify(conn_info)))
    writer.string(CLIENT_INFO.client, stringOf(client))
    writer.string(CLIENT_INFO.user, stringOf(user))
    // A copy: the writer's bytes are a view of a larger buffer, which the memo would keep.
    return new Uint8Array(writer.finish())
  } catch {
    return NOBODY
  }
}

type Fields = Readonly<Record<'user' | 'client' | 'conn_info', unknown>>

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
