import { create, fromBinary, type MessageInitShape, toJson } from '@bufbuild/protobuf'
import { sizeDelimitedEncode, sizeDelimitedPeek } from '@bufbuild/protobuf/wire'
import { CommandSchema, type Reply, ReplySchema } from './generated/client_pb.ts'

// The other side of the binary form, by the code that is generated from the schema: what our own codec is compared with.

/** A command as the generated code takes it; numbers of 64 bits are bigints. */
export type CommandShape = MessageInitShape<typeof CommandSchema>

/** Commands as one frame. */
export function commandFrame(...commands: readonly CommandShape[]): Uint8Array {
  return Buffer.concat(commands.map((command) => sizeDelimitedEncode(CommandSchema, create(CommandSchema, command))))
}

/** Every message of a hub's frame. */
export function readReplies(frame: Uint8Array): Reply[] {
  const replies: Reply[] = []
  let rest = frame
  while (rest.length > 0) {
    const { eof, offset, size } = sizeDelimitedPeek(rest)
    if (eof || offset === null || size === null) throw new Error('the frame ends within a length')
    if (offset + size > rest.length) throw new Error('the frame ends within a message')
    replies.push(fromBinary(ReplySchema, rest.subarray(offset, offset + size)))
    rest = rest.subarray(offset + size)
  }
  return replies
}

/** A reply as the JSON form has it, with payloads parsed: what is empty, zero or false is left out. */
export function toWireMessage(reply: Reply): object {
  return revive(toJson(ReplySchema, reply, { useProtoFieldName: true })) as object
}

const PAYLOADS: ReadonlySet<string> = new Set(['data', 'conn_info'])
const NUMBERS: ReadonlySet<string> = new Set(['offset', 'fork', 'oyez_expected', 'seq'])

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (typeof item === 'string' && PAYLOADS.has(key)) return [key, parse(item)]
      return [key, typeof item === 'string' && NUMBERS.has(key) ? Number(item) : revive(item)]
    }),
  )
}

/** A payload out of base64: its JSON value, or its bytes. */
function parse(base64: string): unknown {
  const bytes = Buffer.from(base64, 'base64')
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return new Uint8Array(bytes)
  }
}

/** The UTF-8 bytes of a JSON value. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
