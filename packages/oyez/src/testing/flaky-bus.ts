import type { Position } from '../protocol/position.ts'
import type { AppendRequest, AppendResult, Bus, BusHandler, BusStats, ReadRequest, ReadResult } from '../bus/bus.ts'
import { BusError } from '../bus/bus-error.ts'

/** What of a bus can be held up or made to fail. */
export type FlakyStep =
  | 'subscribe'
  | 'unsubscribe'
  | 'broadcast'
  | 'append'
  | 'read'
  | 'heads'
  | 'closeProducer'
  | 'confirm'

/** One publication, on its way from the bus to the hub. */
export interface FlakyHint {
  readonly channel: string
  readonly bytes: Uint8Array
  readonly position: Position | undefined
}

/**
 * A bus between a hub and its real bus that misbehaves on demand, for tests: it loses and delays hints, holds calls up, loses answers, and
 * says that it is down. There is no chance and no clock in it: everything happens when the test says so.
 */
export class FlakyBus implements Bus {
  readonly name: string
  readonly #inner: Bus
  readonly #held = new Map<FlakyStep, (() => void)[]>()
  readonly #failures = new Map<FlakyStep, Error[]>()
  readonly #lostAnswers = new Map<FlakyStep, number>()
  readonly #calls = new Map<FlakyStep, number>()
  #handler: BusHandler | undefined
  #drop: (hint: FlakyHint) => boolean = () => false
  #heldHints: FlakyHint[] | undefined
  #down: Error | undefined
  #dropped = 0

  constructor(inner: Bus) {
    this.#inner = inner
    this.name = inner.name
  }

  /** Hints that were lost on purpose. */
  get dropped(): number {
    return this.#dropped
  }

  /** How often a verb was called. */
  calls(step: FlakyStep): number {
    return this.#calls.get(step) ?? 0
  }

  /** Loses every hint for which `test` is true, until {@link FlakyBus.dropNone}. */
  dropHints(test: (hint: FlakyHint) => boolean = () => true): void {
    this.#drop = test
  }

  /** Loses the next `count` hints. */
  dropNextHints(count: number): void {
    let left = count
    this.#drop = () => left-- > 0
  }

  /** Ends the losing of hints. */
  dropNone(): void {
    this.#drop = () => false
  }

  /** Hints wait, in order, until {@link FlakyBus.releaseHints}. */
  holdHints(): void {
    this.#heldHints ??= []
  }

  /** Delivers the hints that waited, now. */
  releaseHints(): void {
    const hints = this.#heldHints ?? []
    this.#heldHints = undefined
    for (const hint of hints) this.#deliver(hint)
  }

  /** Calls of this verb do not reach the inner bus until {@link FlakyBus.release}. */
  hold(step: FlakyStep): void {
    if (!this.#held.has(step)) this.#held.set(step, [])
  }

  /** Calls that wait in {@link FlakyBus.hold}. */
  held(step: FlakyStep): number {
    return this.#held.get(step)?.length ?? 0
  }

  /** Lets the calls that waited go on, in order. */
  release(step: FlakyStep): void {
    const waiting = this.#held.get(step) ?? []
    this.#held.delete(step)
    for (const go of waiting) go()
  }

  /** The next call of this verb rejects and does nothing; said twice, the next two. @default a BusError `unavailable` */
  failNext(step: FlakyStep, error: Error = new BusError('unavailable', `${step} made to fail`)): void {
    this.#failures.set(step, [...(this.#failures.get(step) ?? []), error])
  }

  /** The next call of this verb is carried out and then rejects with `uncertain`, as when the answer is lost on the way. */
  loseNextAnswer(step: FlakyStep): void {
    this.#lostAnswers.set(step, (this.#lostAnswers.get(step) ?? 0) + 1)
  }

  /** The broker is lost: says `down`, rejects every call, hears nothing. Called again: the reason of the outage has changed. */
  goDown(error: Error = new BusError('unavailable', 'the broker is made to be down')): void {
    this.#down = error
    this.#handler?.onStatus({ state: 'down', error })
  }

  /** The broker is back: says `up`, then `gap`, as every bus does that was cut off. */
  comeUp(): void {
    if (this.#down === undefined) return
    this.#down = undefined
    this.#handler?.onStatus({ state: 'up' })
    this.gap()
  }

  /** The broker is there and refuses to store: says `refusing`. The calls themselves are made to fail with {@link FlakyBus.failNext}. */
  refuse(error: Error = new BusError('refused', 'the broker is made to refuse', { reason: 'OOM' })): void {
    this.#handler?.onStatus({ state: 'refusing', error })
  }

  /** The broker stores again: says `up`. */
  acceptAgain(): void {
    this.#handler?.onStatus({ state: 'up' })
  }

  /** Says that hints may have been lost, on these channels or on all. */
  gap(channels?: readonly string[]): void {
    this.#handler?.onStatus({ state: 'gap', channels })
  }

  /** Hands the hub a hint of the test's own making. */
  inject(channel: string, bytes: Uint8Array, position?: Position): void {
    this.#handler?.onPublication(channel, bytes, position)
  }

  async start(handler: BusHandler): Promise<void> {
    this.#handler = handler
    if (this.#down !== undefined) throw this.#down
    await this.#inner.start({
      onPublication: (channel, bytes, position) => this.#hear({ channel, bytes, position }),
      onStatus: (status) => handler.onStatus(status),
    })
  }

  subscribe(channels: readonly string[]): Promise<void> {
    return this.#through('subscribe', () => this.#inner.subscribe(channels))
  }

  unsubscribe(channels: readonly string[]): Promise<void> {
    return this.#through('unsubscribe', () => this.#inner.unsubscribe(channels))
  }

  broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    return this.#through('broadcast', () => this.#inner.broadcast(channel, bytes))
  }

  append(request: AppendRequest): Promise<AppendResult> {
    return this.#through('append', () => this.#inner.append(request))
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return this.#through('read', () => this.#inner.read(request))
  }

  heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    return this.#through('heads', () => this.#inner.heads(channels))
  }

  closeProducer(channel: string, producerId: string, owner?: string): Promise<number> {
    return this.#through('closeProducer', () => this.#inner.closeProducer(channel, producerId, owner))
  }

  confirm(channel: string): Promise<boolean> {
    return this.#through('confirm', async () => (await this.#inner.confirm?.(channel)) ?? true)
  }

  stats(): BusStats {
    return this.#inner.stats()
  }

  async close(): Promise<void> {
    // Closed first, so that calls that waited find it closed and reject.
    await this.#inner.close()
    for (const step of this.#held.keys()) this.release(step)
  }

  async #through<T>(step: FlakyStep, call: () => Promise<T>): Promise<T> {
    this.#calls.set(step, this.calls(step) + 1)
    const waiting = this.#held.get(step)
    if (waiting !== undefined) await new Promise<void>((resolve) => waiting.push(resolve))
    if (this.#down !== undefined) throw this.#down
    const failure = this.#failures.get(step)?.shift()
    if (failure !== undefined) throw failure
    const lost = this.#lostAnswers.get(step) ?? 0
    if (lost > 0) this.#lostAnswers.set(step, lost - 1)
    const answer = await call()
    if (lost === 0) return answer
    throw new BusError('uncertain', `answer of ${step} made to be lost`)
  }

  #hear(hint: FlakyHint): void {
    if (this.#down !== undefined || this.#drop(hint)) {
      this.#dropped += 1
      return
    }
    if (this.#heldHints === undefined) this.#deliver(hint)
    else this.#heldHints.push(hint)
  }

  #deliver({ channel, bytes, position }: FlakyHint): void {
    this.#handler?.onPublication(channel, bytes, position)
  }
}
