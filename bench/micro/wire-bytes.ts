import type { Table } from '../report/table.ts'
import type { Codecs } from './codec.ts'
import { GeneratedCodec } from './generated.ts'
import { CHANNEL, INFO, OFFSET, payloadOf, SIZES } from './sample.ts'

/** Bytes of one message on the wire, without the WebSocket's header (2 bytes; 4 from 126 bytes on). */
export function wireBytes({ jsonCodec, protobufCodec }: Codecs): Table {
  const generated = new GeneratedCodec()
  const cells = SIZES.map((size) => {
    const json = payloadOf(size)
    const data = Buffer.from(json)
    const push = (info?: Uint8Array): readonly number[] => {
      const message = { type: 'publication', channel: CHANNEL, publication: { data, offset: OFFSET, info } }
      return [Buffer.byteLength(jsonCodec.encode(message)), protobufCodec.encode(message).length]
    }
    const bare = generated.encodeCommand({ id: 7, publish: { channel: CHANNEL, data } }).length
    return new Map<string, readonly number[]>([
      ['publication of the server', push()],
      ['publication of a client', push(Buffer.from(INFO))],
      [
        'command that publishes',
        [`{"id":7,"publish":{"channel":"${CHANNEL}","data":${json}}}`.length, bare + (bare < 128 ? 1 : 2)],
      ],
    ])
  })
  return {
    title: 'bytes of a message on the wire',
    columns: ['', ...SIZES.flatMap((size) => [`${size} bytes: JSON`, `${size} bytes: binary`])],
    rows: [...(cells[0]?.keys() ?? [])].map((name) => [
      name,
      ...cells.flatMap((one) => (one.get(name) ?? []).map((bytes) => bytes.toLocaleString('en'))),
    ]),
  }
}
