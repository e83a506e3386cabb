import { RESP_TYPES, type RedisArgument } from '@redis/client'
import { isAscii } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Position } from '../../protocol/position.ts'
import type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  BusStatus,
  ReadRequest,
  ReadResult,
} from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { APPEND_SCRIPT } from './append-script.ts'
import { IncarnationSource, parseEpoch } from './epoch.ts'
import { hintHead, parseHint } from './hint-envelope.ts'
import { KeySpace } from './key-space.ts'
import { type RedisBusOptions, type ResolvedRedisOptions, resolveRedisOptions } from './options.ts'
import { HEADS_SCRIPT, READ_SCRIPT } from './read-script.ts'
import { toBusError } from './redis-error-table.ts'
import { RedisPair } from './redis-pair.ts'
import { type AppendReply, parseAppendReply, parseHeadsReply, parseReadReply } from './reply.ts'
import { type ScriptCall, script } from './scripts.ts'
import { SubscriptionTable } from './subscription-table.ts'

const APPEND = script(APPEND_SCRIPT)
const READ = script(READ_SCRIPT)
const HEADS = script(HEADS_SCRIPT)

/** A request that Redis takes up later than this is not carried out. */
const DEADLINE_MS = 5_000
/** For the test message of the start to come back. */
const SELF_TEST_MS = 1_000
/** Channels in one call of the heads script, so that other connections are served in between. */
const HEADS_BATCH = 250
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }

/**
 * Connects hubs over one Redis (6.2 or later): the logs are hashes and streams, the hints pub/sub. It owns two connections, finds out within 4 s when
 * Redis is gone or frozen, and comes back by itself.
 */
export class RedisBus implements Bus {
  readonly name = 'redis'
  readonly #options: ResolvedRedisOptions
  readonly #keys: KeySpace
  readonly #probeName: string
  readonly #positionedHead = hintHead(true).toString('latin1')
  readonly #plainHead = hintHead(false)
  readonly #incarnations = new IncarnationSource()
  readonly #table: SubscriptionTable
  readonly #pair: RedisPair
  readonly #self = randomBytes(9).toString('base64url')
  #handler: BusHandler | undefined
  #heardSelf: (() => void) | undefined
  readonly #stats = { received: 0, unwanted: 0, appended: 0, reads: 0 }

  /** @throws {TypeError} for options that cannot be right. Connects only in {@link start}. */
  constructor(options: RedisBusOptions) {
    this.#options = resolveRedisOptions(options)
    this.#keys = new KeySpace(this.#options.prefix)
    this.#probeName = this.#keys.probe(this.#self)
    const broadcast = this.#options.routing === 'broadcast'
    this.#table = new SubscriptionTable({
      nameOf: (channel) => this.#keys.hints(channel),
      always: broadcast ? [this.#probeName, this.#keys.allHints] : [this.#probeName],
      perChannel: !broadcast,
      onMessage: (name, message) => this.#onMessage(name, message),
    })
    this.#pair = new RedisPair({
      redis: this.#options,
      scripts: [APPEND, READ, HEADS],
      batched: APPEND,
      table: this.#table,
      probeName: this.#probeName,
      onStatus: (status) => this.#tell(status),
    })
  }

  async start(handler: BusHandler): Promise<void> {
    try {
      await this.#pair.connect()
      await this.#selfTest()
    } catch (error) {
      // A second start is the caller's mistake, and no reason to end the first.
      if (error instanceof TypeError) throw error
      const told = this.#pair.closed
        ? new BusError('closed', 'the bus was closed')
        : toBusError(error, 'read', this.#options.address)
      await this.close()
      throw told
    }
    if (this.#pair.closed) throw new BusError('closed', 'the bus was closed')
    this.#handler = handler
    this.#pair.announce()
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    this.#pair.refuseWhenUnusable()
    try {
      await this.#table.subscribe(channels)
    } catch (error) {
      throw toBusError(error, 'read', this.#options.address)
    }
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    this.#pair.refuseWhenUnusable()
    await this.#table.unsubscribe(channels)
  }

  async broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    const named = this.#options.routing === 'broadcast'
    const name = named ? this.#keys.allHints : this.#keys.hints(channel)
    const payload = Buffer.concat([named ? hintHead(false, channel) : this.#plainHead, bytes])
    await this.#pair.call('write', (client) => client.sendCommand(['PUBLISH', name, payload]))
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const { producer, idempotencyKey } = request
    if (producer?.id === '' || idempotencyKey === '') {
      throw new TypeError('AppendRequest: a producer id or idempotency key is not empty')
    }
    if (producer !== undefined && (!Number.isSafeInteger(producer.seq) || producer.seq < 1)) {
      throw new TypeError('AppendRequest.producer.seq must be a whole number from 1')
    }
    const { result, hinted } = await this.#append(request)
    if (result.kind === 'appended') this.#stats.appended++
    if ('position' in result) this.#pair.sawEpoch(result.position.epoch)
    if (!hinted) this.#tell({ state: 'gap', channels: [request.channel] })
    return result
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const reply = await this.#pair.run('read', this.#readCall(request))
    this.#stats.reads++
    const result = parseReadReply(reply, request.reverse ?? false)
    this.#pair.sawEpoch(result.head.epoch)
    return result
  }

  async heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    const batches: Promise<(Position | undefined)[]>[] = []
    for (let at = 0; at < channels.length; at += HEADS_BATCH) {
      const batch = channels.slice(at, at + HEADS_BATCH)
      const call = { script: HEADS, keys: batch.flatMap((channel) => this.#keysOf(channel)), args: [] }
      batches.push(this.#pair.run('read', call).then((reply) => parseHeadsReply(reply, batch.length)))
    }
    return (await Promise.all(batches)).flat()
  }

  stats(): BusStats {
    return { ...this.#stats, reconnects: this.#pair.reconnects }
  }

  async close(): Promise<void> {
    this.#pair.close()
    this.#handler = undefined
  }

  async #append({ channel, record, retention, producer, idempotencyKey }: AppendRequest): Promise<AppendReply> {
    const named = this.#options.routing === 'broadcast'
    const args: RedisArgument[] = [
      recordArgument(record),
      named ? this.#keys.allHints : this.#keys.hints(channel),
      named ? hintHead(true, channel) : this.#positionedHead,
      String(this.#pair.clock.in(DEADLINE_MS)),
      String(retention.size),
      String(retention.ttlMs),
      String(retention.metaTtlMs),
      this.#incarnations.next(),
      producer?.id ?? '',
      producer === undefined ? '' : String(producer.seq),
      idempotencyKey ?? '',
    ]
    return parseAppendReply(await this.#pair.runBatched({ keys: this.#keysOf(channel), args }))
  }

  /** Proves every command, key and channel that the bus will need, so that a missing right is found now and not at the first message. */
  async #selfTest(): Promise<void> {
    const channel = `@start/${this.#self}`
    const retention = { size: 1, ttlMs: 1_000, metaTtlMs: 1_000 }
    const heard = new Promise<void>((resolve) => (this.#heardSelf = resolve))
    await this.#table.subscribe([channel])
    await this.#append({ channel, record: new Uint8Array(), retention })
    await this.#pair.run('read', { script: HEADS, keys: this.#keysOf(channel), args: [] })
    await this.#pair.run('read', this.#readCall({ channel, limit: 1, retention }))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const { address, prefix } = this.#options
      const text = `Redis at ${address} stored a test message and did not publish it; has this user the right to the channels ${prefix}:*?`
      timer = setTimeout(() => reject(new BusError('refused', text)), SELF_TEST_MS)
    })
    try {
      await Promise.race([heard, late])
    } finally {
      clearTimeout(timer)
      this.#heardSelf = undefined
    }
    await this.#table.unsubscribe([channel])
    // The test is no traffic.
    Object.assign(this.#stats, { received: 0, unwanted: 0 })
  }

  #readCall({ channel, after, limit, reverse = false, retention }: ReadRequest): ScriptCall {
    const args = [
      ...positionArguments(after),
      String(limit),
      reverse ? '1' : '0',
      String(retention.metaTtlMs),
      this.#incarnations.next(),
    ]
    return { script: READ, keys: this.#keysOf(channel), args, options: BYTES }
  }

  #keysOf(channel: string): [string, string] {
    return [this.#keys.meta(channel), this.#keys.log(channel)]
  }

  #onMessage(name: string, message: Buffer): void {
    // Nothing may be thrown into the parser of the library: it would lose the rest of the chunk.
    try {
      if (name === this.#probeName) this.#pair.heardProbe(message)
      else this.#onHint(name, message)
    } catch {
      this.#tell({ state: 'gap' })
    }
  }

  #onHint(name: string, message: Buffer): void {
    this.#stats.received++
    const hint = parseHint(message)
    const own = name === this.#keys.allHints ? hint?.channel : this.#table.channelOf(name)
    if (own === undefined || !this.#table.wants(own)) {
      this.#stats.unwanted++
      return
    }
    const position = hint?.position
    if (hint === undefined || (position !== undefined && parseEpoch(position.epoch) === undefined)) {
      // Somebody else publishes on our channel: whatever it was, the log has the truth.
      this.#tell({ state: 'gap', channels: [own] })
      return
    }
    this.#heardSelf?.()
    try {
      this.#handler?.onPublication(own, hint.bytes, position)
    } catch {
      // The handler's own fault stays with the handler.
    }
  }

  #tell(status: BusStatus): void {
    try {
      this.#handler?.onStatus(status)
    } catch {
      // The handler's own fault stays with the handler.
    }
  }
}

/** Text where the bytes are the same: the client library writes a command of texts in one piece, and each buffer among them costs two more. */
function recordArgument(record: Uint8Array): RedisArgument {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
  return isAscii(bytes) ? bytes.toString('latin1') : bytes
}

function positionArguments(after: Position | undefined): [string, string, string] {
  if (after === undefined) return ['', '', '']
  const offset = Number.isSafeInteger(after.offset) && after.offset >= 0 ? String(after.offset) : undefined
  if (offset === undefined) return ['?', '', '0']
  if (after.epoch === '') return ['', '', offset]
  const parts = parseEpoch(after.epoch)
  return parts === undefined ? ['?', '', offset] : [parts.incarnation, parts.term, offset]
}
