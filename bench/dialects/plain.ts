import type { Dialect } from './dialect.ts'

const LETTER_M = 0x6d

/** The homemade JSON of the tutorial; the control rows speak it too. */
export const plainDialect: Dialect = {
  path: () => '/',
  hello: (aim) => {
    switch (aim.kind) {
      case 'subscriber':
        return [`{"type":"join","channel":"${aim.channel}"}`]
      case 'user':
        return [`{"type":"join","user":"${aim.user}"}`]
      case 'bystander':
        return ['{"type":"join"}']
    }
  },
  onHandshake: (text) => ({ ready: text.includes('joined') }),
  // {"type":"message",…
  isPublication: (bytes, start, length) => length > 64 && bytes[start + 9] === LETTER_M,
  publish: (channel, payload) => `{"type":"publish","channel":"${channel}","data":${payload}}`,
  sendTo: (user, payload) => `{"type":"send","user":"${user}","data":${payload}}`,
}
