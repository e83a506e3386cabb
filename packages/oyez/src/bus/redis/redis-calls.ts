import type { RedisArgument, RedisClientType } from '@redis/client'
import { BusError } from '../bus-error.ts'
import { type CallKind, toBusError } from './redis-error-table.ts'
import { ScriptBatch } from './script-batch.ts'
import { type Script, type ScriptCall, ScriptRunner } from './scripts.ts'
import { ServerClock } from './server-clock.ts'

/** One item for the batched script. */
export interface BatchedCall {
  readonly keys: readonly string[]
  /** Its arguments; deadlines among them are in the time of the server that it goes to. */
  readonly argsAt: (clock: ServerClock) => readonly RedisArgument[]
  /** Items of one group share calls. In a Cluster that is those of one slot. */
  readonly group: number
}

export interface RedisCallsOptions {
  /** The connection, while there is one. */
  readonly client: () => RedisClientType | undefined
  /** For messages. */
  readonly address: () => string
  readonly maxInFlight: number
  readonly scripts: readonly Script[]
  /** One of the scripts: it takes many items at a time. */
  readonly batched: Script
  /** @throws {BusError} before the start and after the end. */
  readonly guard: () => void
  readonly onFailure: (error: unknown, told: BusError) => void
}

/** The calls to one master. They are sent in the order in which they are made; whatever goes wrong rejects as a {@link BusError}. */
export class RedisCalls {
  /** Server time, for deadlines. */
  readonly clock: ServerClock = new ServerClock()
  readonly #options: RedisCallsOptions
  #runner: ScriptRunner | undefined
  #batches = new Map<number, ScriptBatch>()
  #inFlight = 0

  constructor(options: RedisCallsOptions) {
    this.#options = options
  }

  /** Makes a new connection ready for scripts. */
  async attach(client: RedisClientType): Promise<void> {
    const runner = new ScriptRunner(client, this.#options.scripts)
    await runner.load()
    this.#runner = runner
    this.#batches = new Map()
  }

  detach(): void {
    this.#runner = undefined
    this.#batches = new Map()
  }

  run(kind: CallKind, call: ScriptCall): Promise<unknown> {
    return this.call(kind, () => this.#scripts().run(call))
  }

  /** Runs the batched script for one item, together with what else comes in this turn of the event loop. */
  runBatched({ keys, argsAt, group }: BatchedCall): Promise<unknown> {
    return this.call('write', () => {
      const runner = this.#scripts()
      let batch = this.#batches.get(group)
      if (batch === undefined) {
        batch = new ScriptBatch(runner, this.#options.batched)
        this.#batches.set(group, batch)
      }
      return batch.run({ keys, args: argsAt(this.clock) })
    })
  }

  /**
   * Runs a script as one who was sent here with ASK: the slot is on its way to this master. A command that names two keys is answered with TRYAGAIN for as
   * long as one of them is not here, even when there is none anywhere. So only the metadata is named; the other key is of the same slot, and given as the
   * last argument.
   */
  runAsking(kind: CallKind, { script, keys, args, options }: ScriptCall): Promise<unknown> {
    const [meta = '', ...log] = keys
    return this.call(kind, async (client) => {
      const asked = client.sendCommand(['ASKING'])
      const command = ['EVAL', script.source, '1', meta, ...args, ...log]
      const [reply] = await Promise.all([client.sendCommand<unknown>(command, options), asked])
      return reply
    })
  }

  async call<T>(kind: CallKind, send: (client: RedisClientType) => Promise<T>): Promise<T> {
    const { guard, maxInFlight, onFailure } = this.#options
    guard()
    const client = this.#options.client()
    const address = this.#options.address()
    if (client === undefined) throw new BusError('unavailable', `Redis at ${address} is not connected`)
    if (this.#inFlight >= maxInFlight) {
      throw new BusError('unavailable', `${maxInFlight} calls already wait for Redis at ${address}`)
    }
    this.#inFlight++
    try {
      return await send(client)
    } catch (error) {
      const told = toBusError(error, kind, address)
      onFailure(error, told)
      throw told
    } finally {
      this.#inFlight--
    }
  }

  #scripts(): ScriptRunner {
    if (this.#runner === undefined) throw new BusError('unavailable', 'no connection')
    return this.#runner
  }
}
