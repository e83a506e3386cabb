// Every function here writes the last field first: see WireWriter.
import type { Publication, ServerMessage, SubscribeResult } from '../../protocol/message.ts'
import type { Break, Position } from '../../protocol/position.ts'
import {
  BREAK,
  CLOSE_PRODUCER_RESULT,
  CONNECT_RESULT,
  ERROR,
  HISTORY_RESULT,
  MAP_ENTRY,
  MESSAGE,
  PUBLICATION,
  PUBLISH_RESULT,
  PUSH,
  REPLY,
  RPC_RESULT,
  STREAM_POSITION,
  SUBSCRIBE_RESULT,
  UNSUBSCRIBE,
} from './field-number.ts'
import { publisherInfo } from './publisher-info.ts'
import { WireWriter } from './wire-writer.ts'

/** What a message takes beside its payload; the writer makes more room when it was too little. */
const ENVELOPE_BYTES = 192

/** Writes a hub's message with its length before it, the form in which it travels. */
export function writeReply(message: ServerMessage): Uint8Array {
  const writer = new WireWriter(ENVELOPE_BYTES + payloadBytes(message))
  writeContent(writer, message)
  writer.varint(writer.size)
  return writer.finish()
}

function payloadBytes(message: ServerMessage): number {
  if (message.type !== 'publication') return 0
  const { data, info } = message.publication
  return data.length + (info?.length ?? 0)
}

function writeContent(writer: WireWriter, message: ServerMessage): void {
  switch (message.type) {
    case 'publication':
      return writePush(writer, message.channel, () => {
        writePublication(writer, PUSH.publication, message.publication)
      })
    case 'ping':
      return
    case 'published':
      return writeResult(writer, [message.id, REPLY.publish], () => {
        writer.bool(PUBLISH_RESULT.duplicate, message.duplicate)
        writer.string(PUBLISH_RESULT.epoch, message.position?.epoch ?? '')
        writer.number(PUBLISH_RESULT.offset, message.position?.offset ?? 0)
      })
    case 'producer-closed':
      return writeResult(writer, [message.id, REPLY.closeProducer], () => {
        writer.string(CLOSE_PRODUCER_RESULT.epoch, message.epoch)
        writer.number(CLOSE_PRODUCER_RESULT.seq, message.seq)
      })
    case 'rpc':
      return writeResult(writer, [message.id, REPLY.rpc], () => writer.bytes(RPC_RESULT.data, message.data))
    case 'subscribed':
      return writeResult(writer, [message.id, REPLY.subscribe], () => writeSubscription(writer, message.result))
    case 'unsubscribed':
      return writeResult(writer, [message.id, REPLY.unsubscribe], () => undefined)
    case 'history':
      return writeResult(writer, [message.id, REPLY.history], () => {
        writer.number(HISTORY_RESULT.offset, message.position.offset)
        writer.string(HISTORY_RESULT.epoch, message.position.epoch)
        for (const publication of message.publications.toReversed())
          writePublication(writer, HISTORY_RESULT.publications, publication)
      })
    case 'error':
      return writeResult(writer, [message.id, REPLY.error], () => {
        writer.number(ERROR.expected, message.expected ?? 0)
        writer.bool(ERROR.temporary, message.temporary)
        writer.string(ERROR.message, message.message)
        writer.number(ERROR.code, message.code)
      })
    case 'connected':
      return writeResult(writer, [message.id, REPLY.connect], () => writeConnected(writer, message))
    case 'unsubscribe-push':
      return writePush(writer, message.channel, () => {
        const since = writer.size
        writer.string(UNSUBSCRIBE.reason, message.reason)
        writer.number(UNSUBSCRIBE.code, message.code)
        writer.wrap(PUSH.unsubscribe, since)
      })
    case 'message-push':
      return writePush(writer, '', () => {
        const since = writer.size
        writer.bytes(MESSAGE.data, message.data)
        writer.wrap(PUSH.message, since)
      })
    case 'break-push':
      return writePush(writer, message.channel, () => writeBreak(writer, PUSH.break, message.break))
    case 'epoch-push':
      return writePush(writer, message.channel, () => writer.string(PUSH.epoch, message.epoch))
    case 'sync-push':
      return writePush(writer, '', () => writer.number(PUSH.sync, 1))
  }
}

function writeResult(writer: WireWriter, [id, field]: readonly [id: number, field: number], write: () => void): void {
  write()
  writer.wrap(field, 0)
  writer.number(REPLY.id, id)
}

function writePush(writer: WireWriter, channel: string, write: () => void): void {
  write()
  writer.string(PUSH.channel, channel)
  writer.wrap(REPLY.push, 0)
}

function writePublication(writer: WireWriter, field: number, { data, offset, info }: Publication): void {
  const since = writer.size
  writer.number(PUBLICATION.offset, offset)
  if (info !== undefined) writer.bytes(PUBLICATION.info, publisherInfo(info))
  writer.bytes(PUBLICATION.data, data)
  writer.wrap(field, since)
}

function writeConnected(writer: WireWriter, message: Extract<ServerMessage, { type: 'connected' }>): void {
  writer.number(CONNECT_RESULT.extensions, message.extensions ? 1 : 0)
  writer.string(CONNECT_RESULT.node, message.node)
  writer.bool(CONNECT_RESULT.pong, message.pong)
  writer.number(CONNECT_RESULT.ping, message.ping)
  for (const [channel, result] of [...message.subs].toReversed()) {
    const entry = writer.size
    const value = writer.size
    writeSubscription(writer, result)
    writer.wrap(MAP_ENTRY.value, value)
    writer.string(MAP_ENTRY.key, channel)
    writer.wrap(CONNECT_RESULT.subs, entry)
  }
  writer.bytes(CONNECT_RESULT.data, message.data)
  writer.string(CONNECT_RESULT.version, message.version)
  writer.string(CONNECT_RESULT.client, message.client)
}

function writeSubscription(writer: WireWriter, result: SubscribeResult): void {
  if (result.break !== undefined) writeBreak(writer, SUBSCRIBE_RESULT.break, result.break)
  writer.bool(SUBSCRIBE_RESULT.wasRecovering, result.wasRecovering)
  writer.bytes(SUBSCRIBE_RESULT.data, result.data)
  writer.bool(SUBSCRIBE_RESULT.positioned, result.recoverable)
  writer.number(SUBSCRIBE_RESULT.offset, result.offset)
  writer.bool(SUBSCRIBE_RESULT.recovered, result.recovered)
  for (const publication of result.publications.toReversed())
    writePublication(writer, SUBSCRIBE_RESULT.publications, publication)
  writer.string(SUBSCRIBE_RESULT.epoch, result.epoch)
  writer.bool(SUBSCRIBE_RESULT.recoverable, result.recoverable)
}

function writeBreak(writer: WireWriter, field: number, { reason, last, next, fork }: Break): void {
  const since = writer.size
  writer.optionalNumber(BREAK.fork, fork)
  writePosition(writer, BREAK.next, next)
  writePosition(writer, BREAK.last, last)
  writer.string(BREAK.reason, reason)
  writer.wrap(field, since)
}

function writePosition(writer: WireWriter, field: number, { epoch, offset }: Position): void {
  const since = writer.size
  writer.string(STREAM_POSITION.epoch, epoch)
  writer.number(STREAM_POSITION.offset, offset)
  writer.wrap(field, since)
}
