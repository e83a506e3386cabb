import { isTooDeep } from '../../protocol/json-span.ts'
import { utf8Text } from './utf8-text.ts'

/** What the bytes of a payload are. */
export type PayloadKind = 'json' | 'too deep' | 'opaque'

/**
 * Looks once, at the door, whether a payload is the text of one JSON value, so that it can go to clients of the JSON form as it is and every hook may
 * parse it.
 */
export function kindOf(payload: Buffer): PayloadKind {
  const text = utf8Text(payload)
  if (text === undefined) return 'opaque'
  try {
    JSON.parse(text)
  } catch {
    return 'opaque'
  }
  return isTooDeep(text) ? 'too deep' : 'json'
}
