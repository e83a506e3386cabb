/** Length of the longest header that a client's frame can have here: 2 bytes, 2 of length, 4 of mask. */
const LONGEST_HEADER = 8
const TEXT = 0x81
const MASKED = 0x80
export const OPCODE_CLOSE = 8
export const OPCODE_PING = 9
const PONG = 0x8a

/** A client's text frame. The mask is zero, which RFC 6455 allows and which saves the generator the masking. */
export function textFrame(text: string): Buffer {
  return frame(TEXT, text)
}

/** The answer to a WebSocket ping without payload. */
export const pongFrame: Buffer = frame(PONG, '')

function frame(first: number, text: string): Buffer {
  const length = Buffer.byteLength(text)
  if (length > 0xffff) throw new RangeError('the load generator sends short frames only')
  const bytes = Buffer.alloc(LONGEST_HEADER + length)
  let at = 0
  bytes[at++] = first
  if (length < 126) bytes[at++] = MASKED | length
  else {
    bytes[at++] = MASKED | 126
    bytes[at++] = length >> 8
    bytes[at++] = length & 0xff
  }
  at += 4
  at += bytes.write(text, at)
  return bytes.subarray(0, at)
}
