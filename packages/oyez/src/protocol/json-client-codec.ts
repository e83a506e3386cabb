import type { Break, BreakReason, Position } from './position.ts'

/** Who published, as the server knows it. */
export interface PublisherInfo {
  readonly user: string
  /** The id of the publisher's connection. */
  readonly client: string
  /** What the publisher's identity says about itself. */
  readonly connInfo?: unknown
}

/** A publication with its payload parsed. */
export interface IncomingPublication {
  readonly data: unknown
  /** 0 when the channel keeps no log. */
  readonly offset: number
  /** Absent when a server published. */
  readonly info?: PublisherInfo | undefined
}

/** An error reply. */
export interface ErrorReply {
  /** The error's number. */
  readonly status: number
  readonly message: string
  readonly temporary: boolean
  /** With code 120 only: the sequence number the log expects next. */
  readonly expected: number
}

/** The result of any command. Every field is narrowed; what the command does not have is empty. */
export interface IncomingResult extends Position {
  readonly data: unknown
  /** connect: the id of this connection. */
  readonly client: string
  readonly node: string
  /** connect: seconds between pings, 0 when there are none. */
  readonly ping: number
  readonly pong: boolean
  /** connect: whether the server understands oyez's extensions. */
  readonly extensions: boolean
  /** connect: the subscriptions that the server made, by channel. */
  readonly subs: ReadonlyMap<string, IncomingResult>
  /** oyez_close: the last number that was stored. */
  readonly seq: number
  readonly recoverable: boolean
  readonly recovered: boolean
  readonly publications: readonly IncomingPublication[]
  readonly break?: Break | undefined
}

/** One message of a server, narrowed. */
export type IncomingMessage =
  | { readonly type: 'ping' }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorReply }
  | { readonly type: 'result'; readonly id: number; readonly result: IncomingResult }
  | { readonly type: 'publication'; readonly channel: string; readonly publication: IncomingPublication }
  | { readonly type: 'unsubscribe'; readonly channel: string; readonly code: number; readonly reason: string }
  | { readonly type: 'subscribe'; readonly channel: string; readonly result: IncomingResult }
  | { readonly type: 'message'; readonly data: unknown }
  | { readonly type: 'break'; readonly channel: string; readonly break: Break }
  | { readonly type: 'epoch'; readonly channel: string; readonly epoch: string }
  | { readonly type: 'sync' }

/** Fields of a command; undefined ones are left out. */
export type CommandFields = Readonly<Record<string, unknown>>

/** A command of a client as JSON text. */
export interface Command {
  readonly id: number
  readonly method: string
  readonly fields: CommandFields
  /** The `data` field as JSON text, written as it is. */
  readonly data?: string | undefined
}

/** Writes one command as JSON text; several of them may be joined by a newline into one frame. */
export function encodeCommand({ id, method, fields, data }: Command): string {
  const body = JSON.stringify(data === undefined ? fields : { ...fields, data: 0 })
  // The payload is text already: it takes the place of the 0 that stands last.
  return `{${id ? `"id":${id},` : ''}"${method}":${data === undefined ? body : `${body.slice(0, -2)}${data}}`}}`
}

/**
 * Reads every message of a server's frame. Unknown fields and pushes are ignored, and a field of a wrong type counts as absent.
 *
 * @throws {SyntaxError | TypeError} when the frame as a whole is no JSON of the protocol.
 */
export function decodeServerFrame(frame: unknown): IncomingMessage[] {
  const messages: IncomingMessage[] = []
  // The text of what is no text is no JSON either.
  for (const line of String(frame).split('\n')) {
    const message = line && toMessage(parse(line))
    if (message) messages.push(message)
  }
  return messages
}

function parse(line: string): Fields {
  const fields = object(JSON.parse(line))
  if (fields) return fields
  throw new TypeError('frame is not understood')
}

type Fields = Readonly<Record<string, unknown>>

function toMessage(fields: Fields): IncomingMessage | undefined {
  const id = integer(fields['id'])
  const push = object(fields['push'])
  if (push) return toPush(push)
  if (!id) return Object.keys(fields).length ? undefined : { type: 'ping' }
  const error = object(fields['error'])
  if (error) {
    return {
      type: 'error',
      id,
      error: {
        status: integer(error['code']),
        message: text(error['message']),
        temporary: error['temporary'] === true,
        expected: integer(error['oyez_expected']),
      },
    }
  }
  // The other field is named after the command.
  return { type: 'result', id, result: toResult(fieldsOf(Object.values(fields).find(object))) }
}

function toPush(push: Fields): IncomingMessage | undefined {
  const channel = text(push['channel'])
  const { pub, unsubscribe, subscribe, message, oyez_break, oyez_epoch, oyez_sync } = push
  let fields: Fields | undefined
  if ((fields = object(pub))) return { type: 'publication', channel, publication: toPublication(fields) }
  if ((fields = object(oyez_break))) return { type: 'break', channel, break: toBreak(fields) }
  if (oyez_epoch) return { type: 'epoch', channel, epoch: text(oyez_epoch) }
  if (oyez_sync) return { type: 'sync' }
  if ((fields = object(unsubscribe))) {
    return { type: 'unsubscribe', channel, code: integer(fields['code']), reason: text(fields['reason']) }
  }
  if ((fields = object(subscribe))) return { type: 'subscribe', channel, result: toResult(fields) }
  if ((fields = object(message))) return { type: 'message', data: fields['data'] }
  return undefined
}

function toResult(fields: Fields): IncomingResult {
  const { data, pong, oyez_ext, subs, recoverable, recovered, publications } = fields
  const broken = object(fields['oyez_break'])
  return {
    ...toPosition(fields),
    data,
    client: text(fields['client']),
    node: text(fields['node']),
    ping: integer(fields['ping']),
    pong: pong === true,
    extensions: !!oyez_ext,
    subs: new Map(Object.entries(fieldsOf(subs)).map(([name, sub]) => [name, toResult(fieldsOf(sub))])),
    seq: integer(fields['seq']),
    recoverable: recoverable === true,
    recovered: recovered === true,
    publications: Array.isArray(publications)
      ? publications.filter(object).map((item) => toPublication(item as Fields))
      : [],
    break: broken && toBreak(broken),
  }
}

function toPublication(fields: Fields): IncomingPublication {
  const info = object(fields['info'])
  return {
    data: fields['data'],
    offset: integer(fields['offset']),
    info: info && { user: text(info['user']), client: text(info['client']), connInfo: info['conn_info'] },
  }
}

function toBreak(fields: Fields): Break {
  const { last, next, fork } = fields
  return {
    reason: (text(fields['reason']) || 'unknown') as BreakReason,
    last: toPosition(fieldsOf(last)),
    next: toPosition(fieldsOf(next)),
    fork: fork === undefined ? fork : integer(fork),
  }
}

function toPosition(fields: Fields): Position {
  return { epoch: text(fields['epoch']), offset: integer(fields['offset']) }
}

function object(value: unknown): Fields | undefined {
  return typeof value === 'object' && value && !Array.isArray(value) ? (value as Fields) : undefined
}

function fieldsOf(value: unknown): Fields {
  return object(value) ?? {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function integer(value: unknown): number {
  return (value as number) > 0 && Number.isSafeInteger(value) ? (value as number) : 0
}
