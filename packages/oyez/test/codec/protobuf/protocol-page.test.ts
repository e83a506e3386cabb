import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { protobufCodec } from '../../../src/codec/protobuf/index.ts'
import { jsonCodec } from '../../../src/protocol/json-codec.ts'
import type { Payload, ServerMessage } from '../../../src/protocol/message.ts'
import { file_client } from './generated/client_pb.ts'
import { commandFrame } from './generated-codec.ts'

const page = readFileSync(new URL('../../../../../PROTOCOL.md', import.meta.url), 'utf8')
const section = page.slice(page.indexOf('\n## The binary form\n'), page.indexOf('\n## A client by hand'))

const INFO = Buffer.from('{"user":"alice","client":"7f0c1c2e-8b1d-4c57-9d1f-123456789abc"}')

describe('PROTOCOL.md, "The binary form"', () => {
  it('tells the real bytes of messages in both forms', () => {
    const rows = [64, 1_024].map((size) => {
      const json = JSON.stringify('x'.repeat(size - 2))
      const data = Buffer.from(json)
      const push = (info?: Payload): number[] => {
        const message: ServerMessage = {
          type: 'publication',
          channel: 'room:42',
          publication: { data, offset: 1234, info },
        }
        return [Buffer.byteLength(jsonCodec.encode(message)), protobufCodec.encode(message).length]
      }
      const publish = commandFrame({ id: 7, publish: { channel: 'room:42', data } })
      return [push(), push(INFO), [`{"id":7,"publish":{"channel":"room:42","data":${json}}}`.length, publish.length]]
    })
    const table = section
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
      .map((line) => line.split('|').slice(2, -1))
      .map((cells) => cells.map((cell) => Number(cell.trim().replace(',', ''))))
    expect(table).toEqual([0, 1, 2].map((row) => rows.flatMap((columns) => columns[row] ?? [])))
  })

  it('names the number of every field that is ours', () => {
    const own = file_client.messages.flatMap(({ fields }) => fields.filter(({ number }) => number >= 1000))
    expect(own.length).toBeGreaterThan(10)
    for (const { name, number } of own) expect(section).toContain(`\`${name}\` = ${number}`)
  })
})
