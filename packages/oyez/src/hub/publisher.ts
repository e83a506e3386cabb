import { createHash } from 'node:crypto'
import type { AppendAck, AppendRequest, AppendResult, Bus, ProducerStamp } from '../bus/bus.ts'
import { BusError } from '../bus/bus-error.ts'
import type { Payload } from '../protocol/message.ts'
import type { Position } from '../protocol/position.ts'
import { type ChannelRules, checkAck } from './channel-rule.ts'
import type { Connection } from './connection.ts'
import { toPayload } from './hooks.ts'
import { HubError, type HubErrorCode } from './hub-error.ts'
import { producerOwner } from './producer-owner.ts'
import { encodeInfo, encodeRecord } from './record.ts'

/** What was done with a publication; `position` is absent for ephemeral channels. */
export type PublishResult =
  | { readonly kind: 'appended' | 'duplicate'; readonly position?: AppendPosition }
  | Extract<AppendResult, { kind: 'out-of-sequence' | 'unknown-producer' }>

type AppendPosition = Extract<AppendResult, { kind: 'appended' }>['position']

export interface PublishRequest {
  readonly channel: string
  readonly data: Payload
  readonly producer?: ProducerStamp | undefined
  readonly idempotencyKey?: string | undefined
  /** @default what the channel's rule says */
  readonly ack?: AppendAck | undefined
}

interface BoundProducer {
  readonly claimed: string
  readonly bound: string
  readonly owner: string
}

/** The one way into the bus: every publication, a client's or the server's, becomes a record here. */
export class Publisher {
  readonly #bus: Bus
  readonly #rules: ChannelRules
  readonly #onStored: (channel: string, position: Position) => void
  /** The wire's info object per connection; it does not change while the connection lives. */
  readonly #infos = new WeakMap<Connection, Payload>()
  readonly #producers = new WeakMap<Connection, BoundProducer>()
  /** Publications stored or passed on. */
  published = 0

  /** @param onStored - Called with the place of every record that this node stored. */
  constructor(bus: Bus, rules: ChannelRules, onStored: (channel: string, position: Position) => void) {
    this.#bus = bus
    this.#rules = rules
    this.#onStored = onStored
  }

  /** Publishes for a client: with its identity as the server knows it, and its producer id bound to its user. */
  publishAs(connection: Connection, request: PublishRequest): Promise<PublishResult> {
    let producer: ProducerStamp | undefined
    if (request.producer !== undefined) {
      const { bound, owner } = this.#bind(connection, request.producer.id)
      producer = { id: bound, seq: request.producer.seq, owner }
    }
    return this.#publish({ ...request, producer }, this.#infoOf(connection))
  }

  /** Publishes for the server. */
  async publish(request: PublishRequest): Promise<PublishResult> {
    if (request.ack !== undefined) checkAck('PublishOptions.ack', request.ack)
    return this.#publish(request, undefined)
  }

  /** Ends the sequence of a client's producer: what was stored under its id, and in which history of the log. */
  async closeProducerOf(
    connection: Connection,
    channel: string,
    claimed: string,
  ): Promise<{ readonly seq: number; readonly epoch: string }> {
    try {
      const { bound, owner } = this.#bind(connection, claimed)
      const seq = await this.#bus.closeProducer(channel, bound, owner)
      const [head] = await this.#bus.heads([channel])
      return { seq, epoch: head?.epoch ?? '' }
    } catch (error) {
      throw asHubError(error)
    }
  }

  async #publish(request: PublishRequest, info: Payload | undefined): Promise<PublishResult> {
    const { channel } = request
    const rule = this.#rules.of(channel)
    const record = encodeRecord(request.data, info)
    try {
      if (!rule.logged) {
        await this.#bus.broadcast(channel, record)
        this.published += 1
        return { kind: 'appended' }
      }
      const append: AppendRequest = {
        channel,
        record,
        retention: rule.retention,
        producer: request.producer,
        idempotencyKey: request.idempotencyKey,
        ack: request.ack ?? rule.ack,
      }
      const result = await this.#bus.append(append)
      if (result.kind === 'appended') {
        this.published += 1
        this.#onStored(channel, result.position)
      }
      return result
    } catch (error) {
      throw asHubError(error)
    }
  }

  #infoOf(connection: Connection): Payload {
    let info = this.#infos.get(connection)
    if (info === undefined) {
      const { info: connInfo } = connection.identity
      info = encodeInfo({
        user: connection.userId,
        client: connection.id,
        connInfo: connInfo === undefined ? undefined : toPayload(connInfo),
      })
      this.#infos.set(connection, info)
    }
    return info
  }

  /** The producer id in the log, and whose it is: nobody can continue, or spoil, the sequence of another user by guessing an id. */
  #bind(connection: Connection, claimed: string): BoundProducer {
    const known = this.#producers.get(connection)
    if (known?.claimed === claimed) return known
    const bound = createHash('sha256')
      .update(connection.userId)
      .update('\0')
      .update(claimed)
      .digest('base64url')
      .slice(0, 22)
    const producer = { claimed, bound, owner: known?.owner ?? producerOwner(connection) }
    this.#producers.set(connection, producer)
    return producer
  }
}

const HUB_CODES: Readonly<Record<BusError['code'], keyof typeof WORDS>> = {
  unavailable: 'bus-unavailable',
  uncertain: 'bus-uncertain',
  refused: 'bus-refused',
  closed: 'closed',
}

const WORDS: Readonly<Record<Exclude<HubErrorCode, 'unrecoverable-position'>, string>> = {
  'bus-unavailable': 'the bus is unavailable, nothing was published',
  'bus-uncertain': 'the bus did not answer in time, the message may have been published',
  'bus-refused': 'the bus refused, nothing was published',
  closed: 'the hub is closed',
}

/** The hub's error for what a bus threw. The words are for clients too: they name no host and no key. */
export function asHubError(error: unknown): HubError {
  if (error instanceof HubError) return error
  const code = error instanceof BusError ? HUB_CODES[error.code] : 'bus-uncertain'
  return new HubError(code, WORDS[code], { cause: error })
}
