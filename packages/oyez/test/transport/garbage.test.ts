import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RawClient } from '../wire/raw-client.ts'
import { upgrade, useListeners } from './listener-fixture.ts'

const listeners = useListeners()

const COMMANDS = [
  {
    id: 1,
    connect: {
      token: 'ann',
      data: { a: [1] },
      name: 'js',
      version: '1',
      subs: { '#ann': { recover: true, offset: 1 } },
    },
  },
  { id: 2, subscribe: { channel: 'news', recover: true, epoch: 'x', offset: 3, flag: 2 } },
  { id: 3, publish: { channel: 'news', data: { t: 'x' }, oyez_producer: 'p', oyez_seq: 1 } },
  { id: 4, history: { channel: 'news', limit: 10, since: { offset: 1, epoch: 'x' }, reverse: true } },
  { id: 5, rpc: { method: 'm', data: [1, 2] } },
  { id: 6, unsubscribe: { channel: 'news' } },
  { id: 7, presence: { channel: 'news' } },
  { send: { data: 1 } },
  {},
].map((command) => JSON.stringify(command))

const PIECES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ':',
  ',',
  '\n',
  '\\',
  '\\u',
  '\u0000',
  'null',
  '1e999',
  '-0',
  '9007199254740993',
  '__proto__',
  '\u2028',
  'é',
  '🔔',
]

/** One command with something cut out, put in, repeated or replaced. */
const mutated = fc
  .record({
    command: fc.constantFrom(...COMMANDS),
    at: fc.nat(120),
    cut: fc.nat(6),
    piece: fc.oneof(fc.constantFrom(...PIECES, ...COMMANDS, ''), fc.string({ maxLength: 5 })),
  })
  .map(({ command, at, cut, piece }) => command.slice(0, at) + piece + command.slice(at + cut))

test('thousands of mutated frames close their own connection at most, and every answer is JSON', async () => {
  const { url, hub } = await listeners.listen({ hub: { onRpc: (_, __, params) => params, onMessage: () => undefined } })
  const bystander = await RawClient.open(url)
  await bystander.connect('bystander')
  await bystander.ask({ id: 2, subscribe: { channel: 'calm' } })
  const frames = fc.sample(mutated, { numRuns: 3_000, seed: 7 })
  const codes = new Map<number, number>()
  let client: RawClient | undefined
  let isClosed = true
  for (const [index, frame] of frames.entries()) {
    if (client === undefined || isClosed) {
      client = await RawClient.open(url)
      isClosed = false
      void client.closed.then(({ code }) => {
        isClosed = true
        codes.set(code, (codes.get(code) ?? 0) + 1)
      })
      // Half of them are connected first.
      if (index % 2 === 0) await client.connect('ann').catch(() => undefined)
    }
    if (index % 5 === 0) client.sendBytes(Buffer.from(frame))
    else client.send(frame)
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  client?.terminate()
  // Protocol errors only: nothing was an internal error.
  expect([...codes.keys()].filter((code) => ![3500, 3501, 3013, 1006, 1007].includes(code))).toEqual([])
  await hub.publish('calm', 'still here')
  expect((await bystander.push()).pub?.data).toBe('still here')
  bystander.close()
}, 60_000)

test('random bytes instead of WebSocket frames end their own connection only', async () => {
  const { port, url, hub } = await listeners.listen()
  const noise = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), { numRuns: 300, seed: 11 })
  for (const bytes of noise) {
    const socket = await listeners.tcp(port)
    socket.write(`${upgrade(port).join('\r\n')}\r\n\r\n`)
    socket.write(bytes)
    socket.end()
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  }
  const client = await RawClient.open(url)
  await client.connect()
  expect(hub.stats().users).toBe(0)
  client.close()
}, 30_000)

/** A masked frame of a client. */
function frame(payload: string, { fin = true, opcode = 1 } = {}): Buffer {
  const body = Buffer.from(payload)
  const mask = Buffer.from([1, 2, 3, 4])
  const head =
    body.length < 126
      ? Buffer.from([0, 0x80 | body.length])
      : Buffer.from([0, 0x80 | 126, body.length >> 8, body.length & 255])
  head[0] = (fin ? 0x80 : 0) | opcode
  return Buffer.concat([head, mask, body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

test('a message in a few fragments is one message', async () => {
  const { port } = await listeners.listen()
  const socket = await listeners.tcp(port)
  let heard = ''
  socket.on('data', (data) => (heard += data.toString('latin1')))
  socket.write(`${upgrade(port).join('\r\n')}\r\n\r\n`)
  const text = '{"id":1,"connect":{"token":"ann"}}'
  const parts = text.match(/.{1,4}/gu) ?? []
  for (const [index, part] of parts.entries()) {
    socket.write(frame(part, { fin: index === parts.length - 1, opcode: index === 0 ? 1 : 0 }))
    // An empty fragment and a ping in between are legal.
    if (index === 2) socket.write(Buffer.concat([frame('', { fin: false, opcode: 0 }), frame('ping', { opcode: 9 })]))
  }
  while (!heard.includes('"connect":{')) await new Promise((resolve) => socket.once('data', resolve))
  expect(heard).toContain('"subs":{"#ann"')
})

test('a message in thousands of slivers is refused, with its memory', async () => {
  const { port, hub } = await listeners.listen()
  const gone = new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      if (hub.stats().connections > 0) return
      clearInterval(watch)
      resolve()
    }, 5)
  })
  const socket = await listeners.tcp(port)
  socket.resume()
  socket.write(`${upgrade(port).join('\r\n')}\r\n\r\n`)
  socket.write(frame('{', { fin: false }))
  for (let n = 0; n < 1_000; n++) socket.write(frame(' ', { fin: false, opcode: 0 }))
  await new Promise((resolve) => socket.once('close', resolve))
  await gone
})
