import { type Codec, type Frame, FrameError } from '../../protocol/codec.ts'
import type { ClientMessage } from '../../protocol/message.ts'
import { readCommand } from './command-reader.ts'
import { writeReply } from './reply-writer.ts'
import { WireReader } from './wire-reader.ts'

/**
 * The binary form of the protocol, on the hub's side: `new Hub({ codecs: [protobufCodec] })` offers it beside the JSON form. It is written by hand
 * for this one small schema: no dependency, no copy of a payload that is read and one of a payload that is written, and several times as fast as the
 * generated code, which the tests compare it with.
 */
export const protobufCodec: Codec = {
  name: 'protobuf',
  binary: true,

  decode(frame: Frame): ClientMessage[] {
    if (typeof frame === 'string') throw new FrameError('frame is not binary')
    const reader = new WireReader(bufferOf(frame))
    const messages: ClientMessage[] = []
    for (let one = reader.nextMessage(); one !== undefined; one = reader.nextMessage()) messages.push(readCommand(one))
    if (messages.length === 0) throw new FrameError('empty frame')
    return messages
  },

  encode: writeReply,
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
