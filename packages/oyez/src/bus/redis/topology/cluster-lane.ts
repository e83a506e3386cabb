import { ErrorReply } from '@redis/client'
import { BusError } from '../../bus-error.ts'
import type { BatchedCall } from '../redis-calls.ts'
import type { RedisPair } from '../redis-pair.ts'
import { type CallKind, errorWord } from '../redis-error-table.ts'
import type { Script, ScriptCall } from '../scripts.ts'
import { redirectOf } from './cluster-map.ts'
import type { Endpoint } from '../options.ts'

/** What a lane needs of the Cluster that it leads through. */
export interface LaneHost {
  /** The master of this partition, as far as is known; `undefined` when nobody has it. */
  owner(): RedisPair | undefined
  /** The connections to a node that a call was sent to. */
  pairAt(endpoint: Endpoint): RedisPair
  /** Learns anew who has what; `hint` is what a node has just said about this partition. */
  refresh(hint?: Endpoint): Promise<void>
  /** An append was carried out by a node that does not have the slot yet: those who listen at the master did not hear of it. */
  onStoredElsewhere(call: BatchedCall, reply: unknown): void
}

/** Redirections of one call, at most. */
const MAX_REDIRECTS = 64
/** A call that finds no way within this time is given up; the bus contract has 5 s. */
const PATIENCE_MS = 3_000
const PAUSE_MS = 20

interface Held {
  readonly number: number
  readonly since: number
  readonly call: BatchedCall
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The calls for one partition. Normally they go straight to its master, many at a time. While its slot moves, some are answered with a redirection and must
 * go elsewhere, and then order is at stake: the second of two appends must not pass while the first is sent around. So a redirection stops the lane: no
 * new call goes out, the ones under way are waited for, and all that were sent away go out again one by one in their order.
 *
 * A redirection says that nothing was carried out, and a call whose connection was lost is never sent again: so nothing is stored twice.
 */
export class ClusterLane {
  readonly #host: LaneHost
  readonly #script: Script
  readonly #sentAway: Held[] = []
  #number = 0
  #underWay = 0
  #isDraining = false

  constructor(host: LaneHost, script: Script) {
    this.#host = host
    this.#script = script
  }

  /** Runs the batched script for one item; items of one lane are carried out in the order of the calls. */
  append(call: BatchedCall): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const item: Held = { number: ++this.#number, since: performance.now(), call, resolve, reject }
      if (this.#sentAway.length > 0 || this.#isDraining) this.#hold(item)
      else void this.#send(item)
    })
  }

  /** Runs a call of its own, without a place in the order. `send` gets the connections, and whether it comes with ASK. */
  async follow<T>(
    send: (pair: RedisPair, isAsking: boolean) => Promise<T>,
    since: number = performance.now(),
  ): Promise<T> {
    let asked: Endpoint | undefined
    for (let redirects = 0; ; redirects++) {
      const pair = asked === undefined ? this.#host.owner() : this.#host.pairAt(asked)
      const isAsking = asked !== undefined
      asked = undefined
      try {
        if (pair === undefined)
          throw new BusError('unavailable', 'no node of the Redis Cluster has the slot of this channel')
        return await send(pair, isAsking)
      } catch (error) {
        const answer = redirection(error, pair)
        const isLate = performance.now() - since > PATIENCE_MS
        if (answer === undefined) {
          // A node that the call was sent to may be one that is only being connected.
          if (redirects === 0 || !isUnsent(error, pair) || isLate) throw error
        } else if (redirects >= MAX_REDIRECTS || isLate) {
          throw new BusError(
            'unavailable',
            'the slot of this channel is on its way between nodes of the Redis Cluster',
            { cause: error },
          )
        } else if (answer.word === 'MOVED') {
          await this.#host.refresh(answer.to)
        } else if (answer.word === 'ASK') {
          asked = answer.to
        }
        if (answer?.word !== 'ASK' && redirects > 0) await pause()
      }
    }
  }

  async #send(item: Held): Promise<void> {
    this.#underWay++
    try {
      const pair = this.#host.owner()
      if (pair === undefined)
        throw new BusError('unavailable', 'no node of the Redis Cluster has the slot of this channel')
      item.resolve(await pair.calls.runBatched(item.call))
    } catch (error) {
      if (redirection(error, this.#host.owner()) === undefined) item.reject(error)
      else this.#hold(item)
    } finally {
      this.#underWay--
      void this.#drain()
    }
  }

  #hold(item: Held): void {
    let at = this.#sentAway.length
    while (at > 0 && (this.#sentAway[at - 1]?.number ?? 0) > item.number) at--
    this.#sentAway.splice(at, 0, item)
  }

  async #drain(): Promise<void> {
    if (this.#isDraining || this.#underWay > 0) return
    this.#isDraining = true
    for (let item = this.#sentAway.shift(); item !== undefined; item = this.#sentAway.shift()) {
      const { call, since, resolve, reject } = item
      const send = (pair: RedisPair, isAsking: boolean): Promise<unknown> => this.#sendAlone(pair, call, isAsking)
      await this.follow(send, since).then(resolve, reject)
    }
    this.#isDraining = false
  }

  async #sendAlone(pair: RedisPair, { keys, argsAt, group }: BatchedCall, isAsking: boolean): Promise<unknown> {
    const call: ScriptCall = { script: this.#script, keys, args: argsAt(pair.calls.clock) }
    const replies = await runAt(pair, 'write', { call, isAsking })
    const reply: unknown = Array.isArray(replies) ? replies[0] : undefined
    if (reply instanceof ErrorReply) throw reply
    if (isAsking) this.#host.onStoredElsewhere({ keys, argsAt, group }, reply)
    return reply
  }
}

/** Runs a script there, as one who was sent with ASK or as one who knows the way. */
export function runAt(
  pair: RedisPair,
  kind: CallKind,
  { call, isAsking }: { readonly call: ScriptCall; readonly isAsking: boolean },
): Promise<unknown> {
  return isAsking ? pair.calls.runAsking(kind, call) : pair.calls.run(kind, call)
}

function redirection(
  error: unknown,
  pair: RedisPair | undefined,
): { readonly word: 'MOVED' | 'ASK' | 'TRYAGAIN'; readonly to?: Endpoint | undefined } | undefined {
  const cause = error instanceof BusError ? error.cause : error
  const word = errorWord(cause)
  if (word === 'TRYAGAIN') return { word }
  if (word !== 'MOVED' && word !== 'ASK') return undefined
  return { word, to: redirectOf(cause instanceof Error ? cause.message : '', pair?.endpoint) }
}

/** Whether the call never left: there was no connection to send it over. */
function isUnsent(error: unknown, pair: RedisPair | undefined): boolean {
  return error instanceof BusError && error.code === 'unavailable' && error.cause === undefined && pair?.closed !== true
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())))
}
