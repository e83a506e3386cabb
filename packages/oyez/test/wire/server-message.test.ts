import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../src/protocol/json-codec.ts'
import type { ServerMessage } from '../../src/protocol/message.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('messages of a hub that other tests do not provoke', () => {
  it.each<[string, ServerMessage, string]>([
    [
      'a message for one connection',
      { type: 'message-push', data: bytes('{ "a":1}') },
      '{"push":{"message":{"data":{ "a":1}}}}',
    ],
    [
      'a new epoch',
      { type: 'epoch-push', channel: 'news', epoch: 'e"2' },
      String.raw`{"push":{"channel":"news","oyez_epoch":"e\"2"}}`,
    ],
    [
      'a fork',
      {
        type: 'break-push',
        channel: 'news',
        break: { reason: 'fork', last: { epoch: 'e1', offset: 9 }, next: { epoch: 'e2', offset: 7 }, fork: 7 },
      },
      '{"push":{"channel":"news","oyez_break":{"reason":"fork","last":{"epoch":"e1","offset":9},"next":{"epoch":"e2","offset":7},"fork":7}}}',
    ],
  ])('%s', (_name, message, text) => {
    expect(jsonCodec.encode(message)).toBe(text)
  })
})
