import { type Codec, type Frame, FrameError } from './codec.ts'
import { NestingError, rawMember } from './json-span.ts'
import { encodeServerMessage } from './json-server-message.ts'
import type { ClientMessage, Payload, RecoverRequest } from './message.ts'

type Json = Readonly<Record<string, unknown>>

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

const MAX_ID = 0xffff_ffff

/** Commands of the protocol that are understood and not offered: answered with error 108. */
const UNSUPPORTED = ['presence', 'presence_stats', 'ping', 'refresh', 'sub_refresh'] as const

/**
 * The JSON form of the protocol, on the hub's side. Unknown input is narrowed here and nowhere else. A frame holds one or more commands, one
 * a line; unknown fields are ignored.
 */
export const jsonCodec: Codec = {
  name: 'json',
  binary: false,

  decode(frame: Frame): ClientMessage[] {
    const text = typeof frame === 'string' ? frame : textOf(frame)
    // Most frames hold one command.
    if (!text.includes('\n') && text.trim() !== '') return [decodeCommand(text)]
    const messages: ClientMessage[] = []
    for (const line of text.split('\n')) {
      if (line.trim() !== '') messages.push(decodeCommand(line))
    }
    if (messages.length === 0) throw new FrameError('empty frame')
    return messages
  },

  encode: encodeServerMessage,
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new FrameError('frame is not UTF-8')
  }
}

function decodeCommand(line: string): ClientMessage {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new FrameError('frame is not JSON')
  }
  if (!isObject(value)) throw new FrameError('command is not an object')
  const id = value['id'] ?? 0
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > MAX_ID)
    throw new FrameError('command id is no uint32')
  try {
    return id === 0 ? decodeWithoutId(value, line) : decodeWithId(id, value, line)
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    // Nobody can go on from a connect that was not understood, and a command without an id has no answer.
    const fatal = error.fatal || id === 0 || value['connect'] !== undefined
    return { type: 'invalid', id, problem: error.message, fatal }
  }
}

/** A command without an id is a `send`; everything else without an id counts as a pong. */
function decodeWithoutId(value: Json, line: string): ClientMessage {
  if (value['send'] === undefined) return { type: 'pong', id: 0 }
  const data = payloadAt(line, 'send')
  if (data === undefined) throw new Invalid('send without data', true)
  return { type: 'send', id: 0, data }
}

function decodeWithId(id: number, value: Json, line: string): ClientMessage {
  if (value['connect'] !== undefined) return decodeConnect(id, objectAt(value, 'connect'), line)
  if (value['subscribe'] !== undefined) return decodeSubscribe(id, objectAt(value, 'subscribe'), line)
  if (value['unsubscribe'] !== undefined) {
    return { type: 'unsubscribe', id, channel: channelOf(objectAt(value, 'unsubscribe')) }
  }
  if (value['publish'] !== undefined) return decodePublish(id, objectAt(value, 'publish'), line)
  if (value['oyez_close'] !== undefined) return decodeCloseProducer(id, objectAt(value, 'oyez_close'))
  if (value['history'] !== undefined) return decodeHistory(id, objectAt(value, 'history'))
  if (value['rpc'] !== undefined) {
    const method = stringOf(objectAt(value, 'rpc'), 'method')
    return { type: 'rpc', id, method, data: payloadAt(line, 'rpc') ?? encoder.encode('null') }
  }
  const command = UNSUPPORTED.find((name) => value[name] !== undefined)
  if (command !== undefined) return { type: 'unsupported', id, command }
  // `send` with an id, or a command from a newer protocol.
  throw new Invalid('unknown command', true)
}

function decodeConnect(id: number, connect: Json, line: string): ClientMessage {
  const subs = new Map<string, RecoverRequest>()
  for (const [channel, sub] of Object.entries(optionalObject(connect, 'subs'))) {
    if (!isObject(sub)) throw new Invalid('connect.subs is malformed', true)
    if (sub['recover'] === true) subs.set(channel, recoverRequest(sub))
  }
  const headers = new Map<string, string>()
  for (const [name, text] of Object.entries(optionalObject(connect, 'headers'))) {
    if (typeof text === 'string') headers.set(name.toLowerCase(), text)
  }
  return {
    type: 'connect',
    id,
    token: stringOf(connect, 'token'),
    data: payloadAt(line, 'connect'),
    name: stringOf(connect, 'name').slice(0, 64),
    version: stringOf(connect, 'version').slice(0, 64),
    headers,
    subs,
    extensions: connect['oyez_ext'] === 1,
  }
}

function decodeSubscribe(id: number, subscribe: Json, line: string): ClientMessage {
  const flag = subscribe['flag']
  const type = subscribe['type'] ?? 0
  if (type !== 0) return { type: 'unsupported', id, command: 'subscribe of another type' }
  return {
    type: 'subscribe',
    id,
    channel: channelOf(subscribe),
    token: stringOf(subscribe, 'token'),
    data: payloadAt(line, 'subscribe'),
    recover: subscribe['recover'] === true ? recoverRequest(subscribe) : undefined,
    // Bit 2 of the protocol's subscription flags: reject instead of an unrecovered subscription.
    rejectUnrecovered: typeof flag === 'number' && (flag & 2) !== 0,
  }
}

function decodePublish(id: number, publish: Json, line: string): ClientMessage {
  const channel = channelOf(publish)
  const data = payloadAt(line, 'publish')
  if (data === undefined) throw new Invalid('publish without data', false)
  const producer = publish['oyez_producer']
  if (producer === undefined) return { type: 'publish', id, channel, data }
  const seq = publish['oyez_seq']
  if (!isProducer(producer) || !isOffset(seq) || seq < 1) {
    throw new Invalid('oyez_producer or oyez_seq is malformed', false)
  }
  return { type: 'publish', id, channel, data, producer: { id: producer, seq } }
}

function decodeCloseProducer(id: number, close: Json): ClientMessage {
  const channel = channelOf(close)
  const producer = close['oyez_producer']
  if (!isProducer(producer)) throw new Invalid('oyez_producer is malformed', false)
  return { type: 'close-producer', id, channel, producer }
}

function decodeHistory(id: number, history: Json): ClientMessage {
  const limit = history['limit'] ?? 0
  if (typeof limit !== 'number' || !Number.isInteger(limit)) throw new Invalid('history.limit is no integer', false)
  const since = history['since']
  if (since !== undefined && !isObject(since)) throw new Invalid('history.since is malformed', false)
  return {
    type: 'history',
    id,
    channel: channelOf(history),
    limit,
    since: since === undefined ? undefined : recoverRequest(since),
    reverse: history['reverse'] === true,
  }
}

function recoverRequest(value: Json): RecoverRequest {
  const epoch = value['epoch'] ?? ''
  const offset = value['offset'] ?? 0
  if (typeof epoch !== 'string' || epoch.length > 128 || !isOffset(offset))
    throw new Invalid('position is malformed', false)
  return { epoch, offset }
}

function channelOf(value: Json): string {
  const channel = stringOf(value, 'channel')
  if (channel === '') throw new Invalid('channel is empty', true)
  return channel
}

function stringOf(value: Json, name: string): string {
  const text = value[name] ?? ''
  if (typeof text !== 'string') throw new Invalid(`${name} is no string`, true)
  return text
}

function objectAt(value: Json, name: string): Json {
  const member = value[name]
  if (!isObject(member)) throw new Invalid(`${name} is no object`, true)
  return member
}

function optionalObject(value: Json, name: string): Json {
  return value[name] === undefined || value[name] === null ? {} : objectAt(value, name)
}

function payloadAt(line: string, command: string): Payload | undefined {
  try {
    const text = rawMember(line, [command, 'data'])
    return text === undefined ? undefined : utf8(text)
  } catch (error) {
    throw error instanceof NestingError ? new Invalid('data is nested too deeply', false) : error
  }
}

const SLAB_BYTES = 16_384
let slab = new Uint8Array(SLAB_BYTES)
let slabUsed = 0

/** The bytes of a text. Short ones share a larger piece of memory: one for each would cost more than the encoding. */
function utf8(text: string): Uint8Array {
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  const most = text.length * 3
  if (most > SLAB_BYTES >> 3) return encoder.encode(text)
  if (slabUsed + most > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES)
    slabUsed = 0
  }
  const bytes = slab.subarray(slabUsed, slabUsed + most)
  const { written } = encoder.encodeInto(text, bytes)
  slabUsed += written
  return bytes.subarray(0, written)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isProducer(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 64
}

/** Thrown inside this file only: the command's envelope was readable, its content was not. */
class Invalid extends Error {
  readonly fatal: boolean

  constructor(problem: string, fatal: boolean) {
    super(problem)
    this.fatal = fatal
  }
}
