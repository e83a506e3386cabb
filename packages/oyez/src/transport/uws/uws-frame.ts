import type { Pack, PackedFrames, TransportFrame } from '../transport.ts'

/** Frames for uWebSockets.js, which puts the WebSocket headers on by itself, message by message. */
export interface UwsPackedFrames extends PackedFrames {
  /** The payloads, one a message, as views into `bytes`. */
  readonly payloads: readonly Uint8Array[]
}

const LENGTH_BYTES = 4

/** Packs frames that will travel as text messages. */
export const packUwsText: Pack = (frames) => pack(frames)

/** Packs frames that will travel as binary messages. */
export const packUwsBinary: Pack = (frames) => pack(frames)

/** The payloads of packed frames: at hand when they come from `pack`, cut out when several packs were joined. */
export function payloadsOf(packed: PackedFrames): readonly Uint8Array[] {
  return 'payloads' in packed ? (packed as UwsPackedFrames).payloads : cut(packed.bytes)
}

/** Each payload behind its length, so that packs can be joined; the payloads are found once and shared by all who write them. */
function pack(frames: readonly TransportFrame[]): UwsPackedFrames {
  const sources = frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : frame))
  const total = sources.reduce((sum, { byteLength }) => sum + LENGTH_BYTES + byteLength, 0)
  const bytes = Buffer.allocUnsafe(total)
  let at = 0
  const payloads = sources.map((source) => {
    bytes.writeUInt32BE(source.byteLength, at)
    at += LENGTH_BYTES
    bytes.set(source, at)
    at += source.byteLength
    return bytes.subarray(at - source.byteLength, at)
  })
  return { bytes, payloads }
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const payloads: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + LENGTH_BYTES + view.getUint32(at)
    payloads.push(bytes.subarray(at + LENGTH_BYTES, end))
    at = end
  }
  return payloads
}
