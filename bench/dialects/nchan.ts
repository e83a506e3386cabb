import type { Dialect } from './dialect.ts'

const QUOTE = 0x22
const AT = 0x40

/** Nchan says nothing of its own: who is connected is subscribed, and a message is its payload. */
export const nchanDialect: Dialect = {
  path: (aim) =>
    aim.kind === 'subscriber' ? `/sub/${aim.channel}` : `/pub/${aim.kind === 'user' ? aim.user : 'news'}`,
  hello: () => [],
  readyOnUpgrade: true,
  onHandshake: () => ({ ready: true }),
  isPublication: (bytes, start, length) => length > 60 && bytes[start] === QUOTE && bytes[start + 1] === AT,
  publish: (_, payload) => payload,
  sendTo: () => {
    throw new Error('a publisher of Nchan belongs to one channel')
  },
}
