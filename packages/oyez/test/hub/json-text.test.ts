import { expect, test } from 'vitest'
import { JsonText } from '../../src/hub/json-text.ts'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()
const RAW = '{"id":1234567890123456789, "price":1.10,"e":1e400,"id":2,"__proto__":{"x":[1.0]},"u":"\\u00e9"}'

test('JSON text that the server publishes reaches subscribers and history with every digit and space', async () => {
  const node = await hubs.node()
  const reader = await node.connected('ann')
  await reader.subscribe('news')
  await node.hub.publish('news', JsonText.parse(RAW))
  await node.hub.sendToUser('ann', JsonText.parse(' 1.10 '))
  await reader.received('news', 1)
  await reader.received('#ann', 1)
  const frames = reader.transport.frames.map(String)
  expect(frames.some((frame) => frame.includes(`"data":${RAW}`))).toBe(true)
  expect(frames.some((frame) => frame.includes('"data":1.10'))).toBe(true)
  const { publications } = await node.hub.history('news', { raw: true })
  expect(publications.map(({ data }) => String(data))).toEqual([RAW])
})

test('history with raw gives the text of payloads and of publishers as clients wrote them', async () => {
  const node = await hubs.node()
  const client = await node.connected('ann')
  client.transport.receive(`{"id":77,"publish":{"channel":"news","data":${RAW}}}`)
  await client.reply(77)
  const [publication] = (await node.hub.history('news', { raw: true })).publications
  expect(String(publication?.data)).toBe(RAW)
  expect(JSON.parse(String(publication?.info))).toMatchObject({ user: 'ann' })
})

test('line breaks between the tokens of a published text become spaces, so that a message stays one line', () => {
  expect(JsonText.parse('{\n"a":\r\n"b\\n"}').text).toBe('{ "a":  "b\\n"}')
})

test('text that is no JSON, is nested too deeply or holds a lone surrogate is a TypeError', () => {
  expect(() => JsonText.parse('{')).toThrow('not a JSON value')
  expect(() => JsonText.parse('[1] 2')).toThrow(TypeError)
  expect(() => JsonText.parse('['.repeat(129) + ']'.repeat(129))).toThrow('128 levels')
  expect(JsonText.parse('['.repeat(128) + ']'.repeat(128)).text).toHaveLength(256)
  expect(() => JsonText.parse('"\ud800"')).toThrow('surrogate')
})

test('a value of the application that is nested too deeply is a TypeError, as it is for clients', async () => {
  const node = await hubs.node()
  const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
  await expect(node.hub.publish('news', nested(129))).rejects.toThrow('128 levels')
  await node.hub.publish('news', nested(128))
})

test('the last of repeated members counts, and a member keeps its text', () => {
  expect(JsonText.member('{"data":1,"x":{"data":2},"da\\u0074a" : 1.10 }', 'data')?.text).toBe('1.10')
  expect(JsonText.member('{"x":1}', 'data')).toBeUndefined()
  expect(() => JsonText.member(`{"data":${'['.repeat(129)}${']'.repeat(129)}}`, 'data')).toThrow('128 levels')
})

test('a JsonText inside another value is a TypeError, and stores nothing', async () => {
  const node = await hubs.node()
  await expect(node.hub.publish('news', { a: JsonText.parse('1.10') })).rejects.toThrow(
    'cannot stand inside another value',
  )
  expect((await node.hub.history('news')).publications).toEqual([])
})

test('a JsonText that onRpc returns reaches the client with every digit', async () => {
  const node = await hubs.node({ onRpc: () => JsonText.parse('1234567890123456789') })
  const client = await node.connected('ann')
  await client.reply(client.send({ rpc: { method: 'big' } }))
  expect(client.transport.frames.map(String).some((frame) => frame.includes('1234567890123456789'))).toBe(true)
})

test('text that was not checked cannot be made a JsonText by an application', () => {
  expect(
    Object.getOwnPropertyNames(JsonText).filter(
      (name) => typeof JsonText[name as keyof typeof JsonText] === 'function',
    ),
  ).toEqual(['parse', 'member'])
})
