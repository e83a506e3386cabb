import { expect, test } from 'vitest'
import { jsonCodec } from '../../src/protocol/json-codec.ts'

function payloadOf(text: string): Uint8Array {
  const [message] = jsonCodec.decode(`{"id":1,"publish":{"channel":"news","data":${text}}}`)
  if (message?.type !== 'publish') throw new Error('no publish')
  return message.data
}

test('payloads keep their bytes while thousands of others are decoded, of every length and of every width of character', () => {
  const texts = Array.from({ length: 3_000 }, (_, n) =>
    JSON.stringify(`${n}${['x', 'ü', '€', '😀'][n % 4]?.repeat(n)}`),
  )
  const payloads = texts.map((text) => payloadOf(text))
  for (const [index, payload] of payloads.entries()) {
    expect(Buffer.compare(payload, Buffer.from(texts[index] ?? '')), `payload ${index}`).toBe(0)
  }
})
