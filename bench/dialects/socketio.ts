import type { Dialect } from './dialect.ts'

const FOUR = 0x34
const TWO = 0x32

/** Engine.IO 4 over WebSocket, Socket.IO protocol 5: `0` open, `40` connect, `42` event, `43` acknowledgement, `2`/`3` heartbeat. */
export const socketioDialect: Dialect = {
  path: () => '/socket.io/?EIO=4&transport=websocket',
  hello: (aim) => [aim.kind === 'user' ? `40{"user":"${aim.user}"}` : '40'],
  onHandshake: (text, aim) => {
    if (text.startsWith('44')) throw new Error(`refused: ${text}`)
    if (text.startsWith('40')) {
      return aim.kind === 'subscriber' ? { reply: `420["join","${aim.channel}"]`, ready: false } : { ready: true }
    }
    return { ready: text.startsWith('43') }
  },
  isPublication: (bytes, start, length) => length > 64 && bytes[start] === FOUR && bytes[start + 1] === TWO,
  heartbeat: { length: 1, answer: '3' },
  publish: (channel, payload) => `42["publish","${channel}",${payload}]`,
  sendTo: (user, payload) => `42["send","${user}",${payload}]`,
}
