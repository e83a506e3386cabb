import { Sender } from 'ws'
import type { Pack, TransportFrame } from './transport.ts'

declare module 'ws' {
  // Public in ws (`import { Sender } from 'ws'`), missing in its types.
  namespace Sender {
    interface FrameOptions {
      readonly fin: boolean
      readonly opcode: number
      readonly mask: boolean
      readonly rsv1: boolean
      readonly readOnly: boolean
    }
  }
  class Sender {
    static frame(data: Buffer, options: Sender.FrameOptions): readonly Buffer[]
  }
}

const OPCODE_TEXT = 1
const OPCODE_BINARY = 2

/** Packs frames as unmasked WebSocket text messages, one each. */
export const packText: Pack = (frames) => ({ bytes: pack(frames, OPCODE_TEXT) })

/** Packs frames as unmasked WebSocket binary messages, one each. */
export const packBinary: Pack = (frames) => ({ bytes: pack(frames, OPCODE_BINARY) })

function pack(frames: readonly TransportFrame[], opcode: number): Uint8Array {
  const parts: Buffer[] = []
  for (const frame of frames) {
    const payload =
      typeof frame === 'string' ? Buffer.from(frame) : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
    parts.push(...Sender.frame(payload, { fin: true, opcode, mask: false, rsv1: false, readOnly: true }))
  }
  return Buffer.concat(parts)
}
