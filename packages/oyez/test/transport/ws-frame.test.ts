import * as ws from 'ws'
import { expect, test } from 'vitest'
import { packBinary, packText } from '../../src/transport/ws-frame.ts'

// Public in ws, missing in its types.
const { Sender } = ws as unknown as { readonly Sender: { frame(data: Buffer, options: object): readonly Buffer[] } }

function framedByWs(payload: string | Uint8Array, opcode: number): Buffer {
  const options = { fin: true, opcode, mask: false, rsv1: false, readOnly: true }
  return Buffer.concat(Sender.frame(Buffer.from(payload as string), options))
}

const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]

test('text of every length class is framed as ws frames it', () => {
  for (const length of LENGTHS) {
    const text = 'x'.repeat(length)
    expect(Buffer.compare(packText([text]).bytes, framedByWs(text, 1)), `${length} bytes`).toBe(0)
  }
})

test('bytes of every length class are framed as ws frames them', () => {
  for (const length of LENGTHS) {
    const bytes = new Uint8Array(length).fill(7)
    expect(Buffer.compare(packBinary([bytes]).bytes, framedByWs(bytes, 2)), `${length} bytes`).toBe(0)
  }
})

test('lengths count bytes, not characters', () => {
  const text = 'ü€😀'.repeat(30)
  expect(Buffer.compare(packText([text]).bytes, framedByWs(text, 1))).toBe(0)
})

test('several frames, texts and bytes, are one buffer, each a message of its own', () => {
  const frames = ['one', Buffer.from('zwei ä'), '', 'x'.repeat(300)]
  const apart = Buffer.concat(frames.map((frame) => framedByWs(frame, 1)))
  expect(Buffer.compare(packText(frames).bytes, apart)).toBe(0)
})
