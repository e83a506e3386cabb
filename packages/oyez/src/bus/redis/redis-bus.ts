import { RESP_TYPES, type RedisArgument } from '@redis/client'
import { isAscii } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Position } from '../../protocol/position.ts'
import {
  type AppendRequest,
  type AppendResult,
  type Bus,
  type BusHandler,
  type BusStats,
  type BusStatus,
  EMPTY_LOG_MS,
  type ReadRequest,
  type ReadResult,
} from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { checkOwner } from '../producer-owner.ts'
import { appendScript } from './append-script.ts'
import { CLOSE_PRODUCER_SCRIPT } from './close-producer-script.ts'
import { IncarnationSource, isEpoch, parseEpoch } from './epoch.ts'
import { hintedChannel, hintHead, hintHeadText, parseHint } from './hint-envelope.ts'
import type { RedisBusOptions, ResolvedRedisOptions } from './options.ts'
import { HEADS_SCRIPT, READ_SCRIPT } from './read-script.ts'
import { actionFor, toBusError } from './redis-error-table.ts'
import { type AppendReply, parseAppendReply, parseHeadsReply, parseReadReply } from './reply.ts'
import { resolveRedisOptions } from './resolve-options.ts'
import { examineRights } from './rights.ts'
import { type ScriptCall, script } from './scripts.ts'
import { type SelfTestHost, selfTest } from './self-test.ts'
import type { ServerClock } from './server-clock.ts'
import type { SubscriptionTable } from './subscription-table.ts'
import { makeTopology } from './topology/make-topology.ts'
import type { Topology } from './topology/topology.ts'
import { WRITE_TRIAL, writeTrial } from './write-trial.ts'
import { WriteWatch } from './write-watch.ts'

const READ = script(READ_SCRIPT)
const HEADS = script(HEADS_SCRIPT)
const CLOSE_PRODUCER = script(CLOSE_PRODUCER_SCRIPT)

/** A request that Redis takes up later than this is not carried out. */
const DEADLINE_MS = 5_000
/** Channels in one call of the heads script, so that other connections are served in between. */
const HEADS_BATCH = 250
const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }

/**
 * Connects hubs over Redis: one (6.2 or later), one behind sentinels, a Cluster (7.0 or later), or several independent ones. The logs are hashes and
 * streams, the hints pub/sub. It owns two connections to each master, finds out within 4 s when one is gone or frozen, follows a failover, and comes back
 * by itself.
 */
export class RedisBus implements Bus {
  readonly name = 'redis'
  readonly #options: ResolvedRedisOptions
  readonly #incarnations = new IncarnationSource()
  readonly #topology: Topology
  readonly #writes: WriteWatch
  #isDown = true
  #handler: BusHandler | undefined
  #heardSelf: ((channel: string) => void) | undefined
  readonly #stats = { received: 0, unwanted: 0, appended: 0, reads: 0 }

  /** @throws {TypeError} for options that cannot be right. Connects only in {@link start}. */
  constructor(options: RedisBusOptions) {
    this.#options = resolveRedisOptions(options)
    const append = script(appendScript(this.#options.places[0]?.kind === 'cluster' ? 'SPUBLISH' : 'PUBLISH'))
    this.#topology = makeTopology(
      {
        redis: this.#options,
        self: randomBytes(9).toString('base64url'),
        scripts: [append, READ, HEADS, CLOSE_PRODUCER, WRITE_TRIAL],
        batched: append,
        examine: (client, place) => examineRights(client, place, this.#options.prefix),
      },
      {
        onHint: (table, name, message) => this.#onHint(table, name, message),
        onStatus: (status) => this.#onTopologyStatus(status),
        onRefusal: (error) => this.#writes.refused(error),
      },
    )
    this.#writes = new WriteWatch({
      trial: (isThorough) => writeTrial(this.#topology, isThorough ? (request) => this.#append(request) : undefined),
      onRefusing: (error) => {
        if (!this.#isDown) this.#tell({ state: 'refusing', error })
      },
      onAccepting: () => {
        if (!this.#isDown) this.#tell({ state: 'up' })
      },
    })
  }

  /** A bus for a Redis in one line of text: see `parseRedisUrl`. @throws {TypeError} naming what is wrong */
  static fromUrl(url: string, options: Omit<RedisBusOptions, 'url'> = {}): RedisBus {
    return new RedisBus({ ...options, url })
  }

  async start(handler: BusHandler): Promise<void> {
    try {
      await this.#topology.connect()
      await selfTest(this.#selfTestHost())
      // The test is no traffic.
      Object.assign(this.#stats, { received: 0, unwanted: 0 })
    } catch (error) {
      // A second start is the caller's mistake, and no reason to end the first.
      if (error instanceof TypeError) throw error
      const told = this.#topology.closed
        ? new BusError('closed', 'the bus was closed')
        : toBusError(error, 'read', this.#options.address)
      await this.close()
      throw told
    }
    if (this.#topology.closed) throw new BusError('closed', 'the bus was closed')
    this.#handler = handler
    this.#writes.start()
    this.#topology.announce()
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    this.#topology.refuseWhenUnusable()
    await this.#topology.subscribe(channels)
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    this.#topology.refuseWhenUnusable()
    await this.#topology.unsubscribe(channels)
  }

  async broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    const named = this.#broadcasts ? channel : undefined
    const head = hintHead({ positioned: false, length: bytes.byteLength, channel: named })
    await this.#topology.publish(channel, this.#topology.hintName(channel), Buffer.concat([head, bytes]))
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const { channel, producer, idempotencyKey, ack = 'accepted' } = request
    if (producer?.id === '' || idempotencyKey === '') {
      throw new TypeError('AppendRequest: a producer id or idempotency key is not empty')
    }
    if (producer !== undefined && (!Number.isSafeInteger(producer.seq) || producer.seq < 1)) {
      throw new TypeError('AppendRequest.producer.seq must be a whole number from 1')
    }
    checkOwner(producer?.owner)
    if (ack !== 'accepted') this.#topology.checkAck(channel, ack)
    const { result, hinted } = await this.#append(request)
    if (result.kind === 'appended') this.#stats.appended++
    if ('position' in result) this.#topology.sawEpoch(channel, result.position.epoch)
    if (!hinted) this.#tell({ state: 'gap', channels: [channel] })
    // Also for a duplicate: it is repeated because nobody knows how far the first had come.
    if (ack !== 'accepted' && 'position' in result) await this.#topology.secure(channel, result.position.epoch, ack)
    return result
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const reply = await this.#topology.run('read', request.channel, this.#readCall(request))
    this.#stats.reads++
    const result = parseReadReply(reply, request.reverse ?? false)
    if (result.head.epoch !== '') this.#topology.sawEpoch(request.channel, result.head.epoch)
    return result
  }

  async heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    const heads = new Map<string, Position | undefined>()
    const ask = async (batch: readonly string[]): Promise<void> => {
      const call = { script: HEADS, keys: batch.flatMap((channel) => this.#keysOf(channel)), args: [] }
      let reply: unknown
      try {
        reply = await this.#topology.run('read', batch[0] ?? '', call)
      } catch (error) {
        // In a Cluster, the channels of a slot that moves can only be asked for one by one.
        if (batch.length === 1 || actionFor(error) !== 'redirect') throw error
        return void (await Promise.all(batch.map((channel) => ask([channel]))))
      }
      const found = parseHeadsReply(reply, batch.length)
      for (const [index, channel] of batch.entries()) heads.set(channel, found[index])
    }
    const batches: Promise<void>[] = []
    for (const group of this.#topology.together(channels)) {
      for (let at = 0; at < group.length; at += HEADS_BATCH) batches.push(ask(group.slice(at, at + HEADS_BATCH)))
    }
    if (batches.length === 0) this.#topology.refuseWhenUnusable()
    await Promise.all(batches)
    return channels.map((channel) => heads.get(channel))
  }

  async closeProducer(channel: string, producerId: string, owner?: string): Promise<number> {
    if (producerId === '') throw new TypeError('Bus.closeProducer: a producer id is not empty')
    checkOwner(owner)
    const args = [producerId, this.#incarnations.next(), owner ?? '']
    const call = { script: CLOSE_PRODUCER, keys: this.#keysOf(channel), args }
    const last = await this.#topology.run('write', channel, call)
    if (typeof last !== 'number') throw new BusError('uncertain', 'Redis gave an answer that makes no sense')
    return last
  }

  confirm(channel: string): Promise<boolean> {
    return this.#topology.confirm(channel)
  }

  stats(): BusStats {
    return { ...this.#stats, reconnects: this.#topology.reconnects }
  }

  async close(): Promise<void> {
    this.#writes.stop()
    this.#topology.close()
    this.#handler = undefined
  }

  get #broadcasts(): boolean {
    return this.#options.routing === 'broadcast'
  }

  async #append({ channel, record, retention, producer, idempotencyKey }: AppendRequest): Promise<AppendReply> {
    const until = performance.now() + DEADLINE_MS
    const args: RedisArgument[] = [
      recordArgument(record),
      this.#topology.hintName(channel),
      this.#broadcasts
        ? hintHead({ positioned: true, length: record.byteLength, channel })
        : hintHeadText(record.byteLength),
      '',
      String(retention.size),
      String(retention.ttlMs),
      String(retention.metaTtlMs),
      this.#incarnations.next(),
      producer?.id ?? '',
      producer === undefined ? '' : String(producer.seq),
      idempotencyKey ?? '',
      producer?.owner ?? '',
    ]
    const argsAt = (clock: ServerClock): readonly RedisArgument[] => {
      args[3] = String(clock.at(until))
      return args
    }
    return parseAppendReply(await this.#topology.append({ channel, argsAt }))
  }

  #readCall({ channel, after, limit, maxBytes, reverse = false, retention, mint = false }: ReadRequest): ScriptCall {
    const args = [
      ...positionArguments(after),
      String(limit),
      reverse ? '1' : '0',
      mint ? String(Math.min(retention.metaTtlMs, EMPTY_LOG_MS)) : '',
      this.#incarnations.next(),
      maxBytes === undefined ? '' : String(maxBytes),
      String(retention.size),
      String(retention.ttlMs),
    ]
    return { script: READ, keys: this.#keysOf(channel), args, options: BYTES }
  }

  #keysOf(channel: string): [string, string] {
    const { keys } = this.#topology
    return [keys.meta(channel), keys.log(channel)]
  }

  #selfTestHost(): SelfTestHost {
    return {
      channels: this.#topology.sampleChannels(`@start/${randomBytes(9).toString('base64url')}`),
      topology: this.#topology,
      listen: (heard) => (this.#heardSelf = heard),
      append: async (request) => void (await this.#append(request)),
      read: async (request) =>
        void parseReadReply(await this.#topology.run('read', request.channel, this.#readCall(request)), false),
      heads: async (channel) => {
        await this.#topology.run('read', channel, { script: HEADS, keys: this.#keysOf(channel), args: [] })
      },
      prefix: this.#options.prefix,
      address: this.#options.address,
    }
  }

  #onHint(table: SubscriptionTable, name: string, message: Buffer): void {
    this.#stats.received++
    const hint = parseHint(message)
    // A name that the table knows is wanted.
    const own = this.#broadcasts ? (hint?.channel ?? hintedChannel(message)) : table.channelOf(name)
    if (own === undefined || (this.#broadcasts && !table.wants(own))) {
      this.#stats.unwanted++
      return
    }
    const position = hint?.position
    if (hint === undefined || (position !== undefined && !isEpoch(position.epoch))) {
      // Somebody else publishes on our channel: whatever it was, the log has the truth.
      this.#tell({ state: 'gap', channels: [own] })
      return
    }
    this.#heardSelf?.(own)
    try {
      this.#handler?.onPublication(own, hint.bytes, position)
    } catch {
      // The handler's own fault stays with the handler.
    }
  }

  #onTopologyStatus(status: BusStatus): void {
    if (status.state !== 'gap') this.#isDown = status.state === 'down'
    this.#tell(status)
    const refusal = status.state === 'up' ? this.#writes.refusal : undefined
    if (refusal !== undefined) this.#tell({ state: 'refusing', error: refusal })
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
