import type { Table } from '../report/table.ts'
import type { Codecs } from './codec.ts'
import { GeneratedCodec } from './generated.ts'
import { CHANNEL, CLIENT, INFO, OFFSET, payloadOf, SIZES, USER } from './sample.ts'

const ROUNDS = 7
const ROUND_MS = 120

/** Nanoseconds of CPU a call takes: the best of several rounds, since everything else on the machine only adds. */
function nanoseconds(work: () => unknown): number {
  let calls = 1
  let best = Number.POSITIVE_INFINITY
  for (let round = -3; round < ROUNDS; round++) {
    const began = process.cpuUsage()
    for (let call = 0; call < calls; call++) work()
    const { user, system } = process.cpuUsage(began)
    const ns = ((user + system) * 1_000) / calls
    // The first rounds warm up, and find out how many calls make a round.
    if (round < 0) calls = Math.max(1, Math.round((ROUND_MS * 1_000_000) / Math.max(ns, 1)))
    else best = Math.min(best, ns)
  }
  return best
}

/** What encoding and decoding cost, in both forms, beside `JSON` and the generated code. */
export function codecSpeed({ jsonCodec, protobufCodec, packText, packBinary }: Codecs): Table {
  const generated = new GeneratedCodec()
  const columns = SIZES.map((size) => {
    const json = payloadOf(size)
    const data = Buffer.from(json)
    const value: unknown = JSON.parse(json)
    const publication = (info?: Uint8Array): object => ({
      type: 'publication',
      channel: CHANNEL,
      publication: { data, offset: OFFSET, info },
    })
    const [fromServer, fromClient] = [publication(), publication(Buffer.from(INFO))]
    const reply = (): Readonly<Record<string, unknown>> => ({
      push: { channel: CHANNEL, pub: { data, offset: BigInt(OFFSET), info: { user: USER, client: CLIENT } } },
    })
    const text = `{"id":7,"publish":{"channel":"${CHANNEL}","data":${json}}}`
    const bare = generated.encodeCommand({ id: 7, publish: { channel: CHANNEL, data } })
    const length = bare.length < 128 ? [bare.length] : [(bare.length & 127) | 128, bare.length >> 7]
    const binary = Buffer.concat([Buffer.from(length), bare])
    return new Map<string, number>([
      ['encode a publication of the server: JSON form', nanoseconds(() => jsonCodec.encode(fromServer))],
      ['encode a publication of the server: binary form', nanoseconds(() => protobufCodec.encode(fromServer))],
      ['encode a publication of a client: JSON form', nanoseconds(() => jsonCodec.encode(fromClient))],
      ['encode a publication of a client: binary form', nanoseconds(() => protobufCodec.encode(fromClient))],
      ['encode a publication of a client: generated code', nanoseconds(() => generated.encodeReply(reply()))],
      [
        'encode a publication of a client: JSON.stringify',
        nanoseconds(() =>
          JSON.stringify({
            push: { channel: CHANNEL, pub: { data: value, offset: OFFSET, info: { user: USER, client: CLIENT } } },
          }),
        ),
      ],
      ['the same, made a WebSocket frame: JSON form', nanoseconds(() => packText([jsonCodec.encode(fromClient)]))],
      [
        'the same, made a WebSocket frame: binary form',
        nanoseconds(() => packBinary([protobufCodec.encode(fromClient)])),
      ],
      ['decode a publish: JSON form', nanoseconds(() => jsonCodec.decode(text))],
      ['decode a publish: binary form', nanoseconds(() => protobufCodec.decode(binary))],
      ['decode a publish: generated code, payload not looked at', nanoseconds(() => generated.decodeCommand(bare))],
      ['decode a publish: JSON.parse', nanoseconds(() => JSON.parse(text) as unknown)],
    ])
  })
  return {
    title: 'codecs, nanoseconds of CPU a call',
    columns: ['', ...SIZES.map((size) => `payload of ${size} bytes`)],
    rows: [...(columns[0]?.keys() ?? [])].map((name) => [
      name,
      ...columns.map((column) => Math.round(column.get(name) ?? Number.NaN).toLocaleString('en')),
    ]),
  }
}
