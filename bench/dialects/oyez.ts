import type { Dialect } from './dialect.ts'

const LETTER_P = 0x70

/** The JSON form of the Centrifuge client protocol, as an official client would speak it. */
export const oyezDialect: Dialect = {
  path: (aim) => `/connection/websocket${aim.kind === 'user' ? `?user=${aim.user}` : ''}`,
  hello: (aim) => {
    const connect = '{"id":1,"connect":{"name":"bench"}}'
    return [aim.kind === 'subscriber' ? `${connect}\n{"id":2,"subscribe":{"channel":"${aim.channel}"}}` : connect]
  },
  onHandshake: (text, aim) => {
    if (text.includes('"error"')) throw new Error(`refused: ${text}`)
    return { ready: text.includes(aim.kind === 'subscriber' ? '"id":2' : '"id":1') }
  },
  // {"push":… is a publication (nothing else is pushed here), {"id":… the answer to a publish.
  isPublication: (bytes, start, length) => length > 64 && bytes[start + 2] === LETTER_P,
  heartbeat: { length: 2, answer: '{}' },
  publish: (channel, payload, id) => `{"id":${id},"publish":{"channel":"${channel}","data":${payload}}}`,
  sendTo: (user, payload, id) => `{"id":${id},"publish":{"channel":"#${user}","data":${payload}}}`,
}

/** The same client, which sends to users without asking for an acknowledgement, as the clients of the other programs do. */
export const oyezOneWayDialect: Dialect = {
  ...oyezDialect,
  sendTo: (user, payload) => `{"send":{"data":{"to":"${user}","data":${payload}}}}`,
}
