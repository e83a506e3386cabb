import type { Dialect } from './dialect.ts'
import { nchanDialect } from './nchan.ts'
import { oyezDialect, oyezOneWayDialect } from './oyez.ts'
import { plainDialect } from './plain.ts'
import { socketioDialect } from './socketio.ts'

/** Every dialect by name: names cross the process boundary, functions cannot. */
export const dialects = {
  oyez: oyezDialect,
  'oyez-one-way': oyezOneWayDialect,
  socketio: socketioDialect,
  plain: plainDialect,
  nchan: nchanDialect,
} satisfies Record<string, Dialect>

export type DialectName = keyof typeof dialects
