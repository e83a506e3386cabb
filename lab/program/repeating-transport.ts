import type { Transport, TransportFrame } from 'oyez'

type Pack = Transport['pack']

/** One function for all transports that share theirs, as the contract has it. */
const packs = new Map<Pack, Pack>()

/** A transport whose client is given the first record of every recovery twice. */
export function repeating(transport: Transport): Transport {
  const inner = transport.pack
  const pack = packs.get(inner) ?? ((frames) => inner(frames.map(doubled)))
  packs.set(inner, pack)
  return {
    get bufferedAmount() {
      return transport.bufferedAmount
    },
    pack,
    start: (handler) => transport.start(handler),
    write: (packed) => transport.write(packed),
    close: (code, reason) => transport.close(code, reason),
    terminate: () => transport.terminate(),
  }
}

/** A frame may hold several replies, one a line. */
function doubled(frame: TransportFrame): TransportFrame {
  const text = typeof frame === 'string' ? frame : Buffer.from(frame).toString()
  if (!text.includes('"recovered":true')) return frame
  const lines = text.split('\n').map((line) => {
    if (!line.includes('"recovered":true')) return line
    const reply = JSON.parse(line) as { subscribe?: { publications?: unknown[] } }
    reply.subscribe?.publications?.unshift(reply.subscribe.publications[0])
    return JSON.stringify(reply)
  })
  const changed = lines.join('\n')
  return typeof frame === 'string' ? changed : Buffer.from(changed)
}
