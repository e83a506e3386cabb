import { FrameError } from '../../protocol/codec.ts'
import type { ClientMessage, Payload, RecoverRequest } from '../../protocol/message.ts'
import {
  CLOSE_PRODUCER_REQUEST,
  COMMAND,
  CONNECT_REQUEST,
  HISTORY_REQUEST,
  MAP_ENTRY,
  PUBLISH_REQUEST,
  RPC_REQUEST,
  SEND_REQUEST,
  STREAM_POSITION,
  SUBSCRIBE_REQUEST,
  UNSUBSCRIBE_REQUEST,
} from './field-number.ts'
import { kindOf } from './json-payload.ts'
import type { WireReader } from './wire-reader.ts'

const MAX_ID = 0xffff_ffff
const NULL: Payload = new TextEncoder().encode('null')

/** Commands of the protocol that are understood and not offered: answered with error 108. */
const UNSUPPORTED: ReadonlyMap<number, string> = new Map([
  [COMMAND.presence, 'presence'],
  [COMMAND.presenceStats, 'presence_stats'],
  [COMMAND.ping, 'ping'],
  [COMMAND.refresh, 'refresh'],
  [COMMAND.subRefresh, 'sub_refresh'],
])

/** Reads one command. @throws {FrameError} when it is no Protobuf, or its id is no uint32. */
export function readCommand(reader: WireReader): ClientMessage {
  let id = 0
  let command = 0
  let body: WireReader | undefined
  while (reader.next()) {
    const { field } = reader
    if (field === COMMAND.id) {
      id = reader.number()
    } else if (isCommand(field) && (body === undefined || field <= command)) {
      // Of several, the first in the order of the schema counts.
      command = field
      body = reader.message()
    } else {
      reader.skip()
    }
  }
  if (id > MAX_ID) throw new FrameError('command id is no uint32')
  try {
    if (id === 0) return body !== undefined && command === COMMAND.send ? readSend(body) : { type: 'pong', id: 0 }
    // Fields without a command are one of a newer protocol.
    if (body === undefined) throw new Invalid('unknown command', true)
    return readBody({ id, command }, body)
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    // Nobody can go on from a connect that was not understood, and a command without an id has no answer.
    return {
      type: 'invalid',
      id,
      problem: error.message,
      fatal: error.fatal || id === 0 || command === COMMAND.connect,
    }
  }
}

function isCommand(field: number): boolean {
  return (field >= COMMAND.connect && field <= COMMAND.subRefresh) || field === COMMAND.closeProducer
}

function readBody({ id, command }: { readonly id: number; readonly command: number }, body: WireReader): ClientMessage {
  switch (command) {
    case COMMAND.connect:
      return readConnect(id, body)
    case COMMAND.subscribe:
      return readSubscribe(id, body)
    case COMMAND.unsubscribe:
      return readUnsubscribe(id, body)
    case COMMAND.publish:
      return readPublish(id, body)
    case COMMAND.closeProducer:
      return readCloseProducer(id, body)
    case COMMAND.history:
      return readHistory(id, body)
    case COMMAND.rpc:
      return readRpc(id, body)
    case COMMAND.send:
      throw new Invalid('send with an id', true)
    default:
      return { type: 'unsupported', id, command: UNSUPPORTED.get(command) ?? '' }
  }
}

function readConnect(id: number, body: WireReader): ClientMessage {
  let token = ''
  let name = ''
  let version = ''
  let extensions = false
  let data: Buffer | undefined
  const subs = new Map<string, RecoverRequest>()
  const headers = new Map<string, string>()
  while (body.next()) {
    if (body.field === CONNECT_REQUEST.token) token = body.string()
    else if (body.field === CONNECT_REQUEST.data) data = body.bytes()
    else if (body.field === CONNECT_REQUEST.name) name = body.string().slice(0, 64)
    else if (body.field === CONNECT_REQUEST.version) version = body.string().slice(0, 64)
    else if (body.field === CONNECT_REQUEST.extensions) extensions = body.number() === 1
    else if (body.field === CONNECT_REQUEST.subs) {
      const [channel, position] = readEntry(body.message(), (value) => readSubscription(value.message()).recover)
      if (position !== undefined) subs.set(channel, position)
    } else if (body.field === CONNECT_REQUEST.headers) {
      const [header, value = ''] = readEntry(body.message(), (text) => text.string())
      headers.set(header.toLowerCase(), value)
    } else body.skip()
  }
  return { type: 'connect', id, token, data: jsonOf(data), name, version, headers, subs, extensions }
}

/** An entry of a map. */
function readEntry<T>(entry: WireReader, readValue: (reader: WireReader) => T): readonly [string, T | undefined] {
  let key = ''
  let value: T | undefined
  while (entry.next()) {
    if (entry.field === MAP_ENTRY.key) key = entry.string()
    else if (entry.field === MAP_ENTRY.value) value = readValue(entry)
    else entry.skip()
  }
  return [key, value]
}

function readSubscribe(id: number, body: WireReader): ClientMessage {
  const { channel, token, data, recover, flag, type } = readSubscription(body)
  if (type !== 0) return { type: 'unsupported', id, command: 'subscribe of another type' }
  return {
    type: 'subscribe',
    id,
    channel: channelOf(channel),
    token,
    data: jsonOf(data),
    recover,
    // Bit 2 of the protocol's subscription flags: reject instead of an unrecovered subscription.
    rejectUnrecovered: (flag & 2) !== 0,
  }
}

interface SubscriptionRequest {
  readonly channel: string
  readonly token: string
  readonly data: Buffer | undefined
  readonly recover: RecoverRequest | undefined
  readonly flag: number
  readonly type: number
}

function readSubscription(body: WireReader): SubscriptionRequest {
  let channel = ''
  let token = ''
  let epoch = ''
  let offset = 0
  let recover = false
  let flag = 0
  let type = 0
  let data: Buffer | undefined
  while (body.next()) {
    if (body.field === SUBSCRIBE_REQUEST.channel) channel = body.string()
    else if (body.field === SUBSCRIBE_REQUEST.token) token = body.string()
    else if (body.field === SUBSCRIBE_REQUEST.recover) recover = body.bool()
    else if (body.field === SUBSCRIBE_REQUEST.epoch) epoch = body.string()
    else if (body.field === SUBSCRIBE_REQUEST.offset) offset = body.number()
    else if (body.field === SUBSCRIBE_REQUEST.data) data = body.bytes()
    else if (body.field === SUBSCRIBE_REQUEST.flag) flag = body.int32()
    else if (body.field === SUBSCRIBE_REQUEST.type) type = body.int32()
    else body.skip()
  }
  return { channel, token, data, recover: recover ? position(epoch, offset) : undefined, flag, type }
}

function readUnsubscribe(id: number, body: WireReader): ClientMessage {
  let channel = ''
  while (body.next()) {
    if (body.field === UNSUBSCRIBE_REQUEST.channel) channel = body.string()
    else body.skip()
  }
  return { type: 'unsubscribe', id, channel: channelOf(channel) }
}

function readPublish(id: number, body: WireReader): ClientMessage {
  let name = ''
  let producer = ''
  let seq = 0
  let data: Buffer | undefined
  while (body.next()) {
    if (body.field === PUBLISH_REQUEST.channel) name = body.string()
    else if (body.field === PUBLISH_REQUEST.data) data = body.bytes()
    else if (body.field === PUBLISH_REQUEST.producer) producer = body.string()
    else if (body.field === PUBLISH_REQUEST.seq) seq = body.number()
    else body.skip()
  }
  const channel = channelOf(name)
  if (data === undefined || data.length === 0) throw new Invalid('publish without data', false)
  const notJson = problemOf(data)
  if (producer === '') return { type: 'publish', id, channel, data, notJson }
  if (producer.length > 64 || !Number.isSafeInteger(seq) || seq < 1)
    throw new Invalid('oyez_producer or oyez_seq is malformed', false)
  return { type: 'publish', id, channel, data, notJson, producer: { id: producer, seq } }
}

function readCloseProducer(id: number, body: WireReader): ClientMessage {
  let name = ''
  let producer = ''
  while (body.next()) {
    if (body.field === CLOSE_PRODUCER_REQUEST.channel) name = body.string()
    else if (body.field === CLOSE_PRODUCER_REQUEST.producer) producer = body.string()
    else body.skip()
  }
  const channel = channelOf(name)
  if (producer === '' || producer.length > 64) throw new Invalid('oyez_producer is malformed', false)
  return { type: 'close-producer', id, channel, producer }
}

function readHistory(id: number, body: WireReader): ClientMessage {
  let channel = ''
  let limit = 0
  let reverse = false
  let since: RecoverRequest | undefined
  while (body.next()) {
    if (body.field === HISTORY_REQUEST.channel) channel = body.string()
    else if (body.field === HISTORY_REQUEST.limit) limit = body.int32()
    else if (body.field === HISTORY_REQUEST.since) since = readPosition(body.message())
    else if (body.field === HISTORY_REQUEST.reverse) reverse = body.bool()
    else body.skip()
  }
  return { type: 'history', id, channel: channelOf(channel), limit, since, reverse }
}

function readPosition(body: WireReader): RecoverRequest {
  let epoch = ''
  let offset = 0
  while (body.next()) {
    if (body.field === STREAM_POSITION.offset) offset = body.number()
    else if (body.field === STREAM_POSITION.epoch) epoch = body.string()
    else body.skip()
  }
  return position(epoch, offset)
}

function readRpc(id: number, body: WireReader): ClientMessage {
  let method = ''
  let data: Buffer | undefined
  while (body.next()) {
    if (body.field === RPC_REQUEST.data) data = body.bytes()
    else if (body.field === RPC_REQUEST.method) method = body.string()
    else body.skip()
  }
  return { type: 'rpc', id, method, data: jsonOf(data) ?? NULL }
}

function readSend(body: WireReader): ClientMessage {
  let data: Buffer | undefined
  while (body.next()) {
    if (body.field === SEND_REQUEST.data) data = body.bytes()
    else body.skip()
  }
  const payload = jsonOf(data)
  if (payload === undefined) throw new Invalid('send without data', true)
  return { type: 'send', id: 0, data: payload }
}

/** A payload that hooks of the application will parse. An empty one is an absent one, as everywhere in Protobuf. */
function jsonOf(data: Buffer | undefined): Payload | undefined {
  if (data === undefined || data.length === 0) return undefined
  const problem = problemOf(data)
  if (problem !== undefined) throw new Invalid(problem, false)
  return data
}

/** Why a payload cannot go to clients of the JSON form. */
function problemOf(data: Buffer): string | undefined {
  const kind = kindOf(data)
  if (kind === 'json') return undefined
  return kind === 'opaque' ? 'data is not JSON' : 'data is nested too deeply'
}

function position(epoch: string, offset: number): RecoverRequest {
  if (epoch.length > 128 || !Number.isSafeInteger(offset)) throw new Invalid('position is malformed', false)
  return { epoch, offset }
}

function channelOf(channel: string): string {
  if (channel === '') throw new Invalid('channel is empty', true)
  return channel
}

/** Thrown inside this file only: the command's envelope was readable, its content was not. */
class Invalid extends Error {
  readonly fatal: boolean

  constructor(problem: string, fatal: boolean) {
    super(problem)
    this.fatal = fatal
  }
}
