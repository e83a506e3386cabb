import { BusError } from '../bus/bus-error.ts'
import type { Bus, ReadRequest, ReadResult } from '../bus/bus.ts'
import type { Publication, SubscribeResult } from '../protocol/message.ts'
import type { Break, Position } from '../protocol/position.ts'
import type { ResolvedRule } from './channel-rule.ts'
import { FanOut } from './fan-out.ts'
import { decodeRecord } from './record.ts'
import { type Reader, ReaderGoneError } from './read-gate.ts'
import type { ReadGates } from './read-gates.ts'
import type { RingBudget } from './ring.ts'
import { Sequencer } from './sequencer.ts'
import type { Subscriber, Subscription } from './subscription.ts'

/** What a channel needs of its hub. */
export interface ChannelHost {
  readonly bus: Bus
  readonly ringBudget: RingBudget
  readonly maxPublicationsPerReply: number
  /** Bytes of publications in one answer, beyond which the rest comes as pushes, at the pace of the client. */
  readonly maxReplyBytes: number
  readonly reads: ReadGates
  count(what: 'delivered' | 'breaks' | 'resyncs', by: number): void
  /** A subscription that is `parting`: its client is to be told, in its turn. */
  sendAway(subscription: Subscription): void
  /** Another history, or the same under another master, goes on. */
  onNewEpoch(): void
  onBreak(channel: string, broken: Break, subscribers: number): void
  onTrouble(message: string, error: unknown): void
}

/** Records kept in memory per channel, at most; the hub's byte budget is the tighter bound. */
const MAX_RING = 1_024
/** Publications given to a lagging client at a time. */
const PAGE = 64

/** What the log says about a position: what follows it, or why nothing does. */
type Continuation = { readonly publications: readonly Publication[] } | { readonly break: Omit<Break, 'next'> }

/** Everything one node holds about a channel that somebody here wants: who wants it, its sequencer, its fan-out. */
export class LocalChannel implements Reader {
  readonly isListening: boolean = true
  readonly name: string
  readonly rule: ResolvedRule
  readonly subscriptions: Set<Subscription> = new Set()
  /** None for ephemeral channels, which have no log. */
  readonly sequencer: Sequencer | undefined
  readonly #host: ChannelHost
  readonly #fanOut: FanOut
  readonly #tail: number
  #backfill: Promise<void> | undefined
  #confirming: Promise<boolean> | undefined
  #lagging = 0
  /** The subscriber for whom the channel is being opened. */
  #opener: Subscriber | undefined

  constructor(name: string, rule: ResolvedRule, host: ChannelHost) {
    this.name = name
    this.rule = rule
    this.#host = host
    this.#tail = Math.min(rule.historySize, MAX_RING)
    if (!rule.logged) {
      this.#fanOut = new FanOut(name)
      return
    }
    this.#fanOut = new FanOut(name, (subscription, missed) => this.#lag(subscription, missed.offset - 1))
    this.sequencer = new Sequencer(
      {
        read: (request) => host.reads.channels.run(this.#opener ?? this, () => this.#readNow(request)),
        onPublication: (publication) => this.#deliver(publication),
        onEpoch: (epoch) => this.#tellEpoch(epoch),
        onBreak: (broken) => this.#breakAll(broken),
        onResync: () => host.count('resyncs', 1),
        onFailure: (error) => host.onTrouble(`reading the log of ${name} failed; it is tried again`, error),
      },
      this.#tail,
      host.ringBudget,
    )
  }

  /** Subscriptions that wait for a slow client. */
  get lagging(): number {
    return this.#lagging
  }

  /**
   * The bus subscription is live: find the place in the log, in the opener's turn. `isRecovering`: older publications will be asked for.
   *
   * @throws {ReaderGoneError} when the opener left before the log was read.
   */
  async open(opener: Subscriber, isRecovering: boolean): Promise<void> {
    this.#opener = opener
    try {
      await this.sequencer?.start(isRecovering ? this.#tail : 0)
    } finally {
      this.#opener = undefined
    }
  }

  /** Something was heard on the bus. */
  hear(bytes: Uint8Array, position: Position | undefined): void {
    if (this.sequencer === undefined) {
      const publication = position === undefined ? decodeRecord(bytes, 0) : undefined
      if (publication !== undefined) this.#deliver(publication)
    } else if (position !== undefined) {
      this.sequencer.hint(bytes, position)
    } else {
      // Without a position it is no record of this log, or a damaged one.
      void this.sequencer.resync()
    }
  }

  /**
   * Makes a joining subscription live, or lagging when there is more to send than fits an answer. The answer is given through `reply`, in the same
   * step in which the subscription begins to receive, so that nothing falls between them.
   *
   * @returns Whether it joined; `false` when it ended meanwhile, or `reply` refused.
   */
  async join(
    subscription: Subscription,
    recover: Position | undefined,
    reply: (result: SubscribeResult) => boolean,
  ): Promise<boolean> {
    const { sequencer } = this
    if (sequencer === undefined) return this.#enter(subscription, ephemeralResult(recover), { reply, cursor: 0 })
    if (recover === undefined) {
      const result = resultAt(sequencer.position, { wasRecovering: false })
      return this.#enter(subscription, result, { reply, cursor: result.offset })
    }
    let breaks: number
    let verdict: Continuation
    do {
      breaks = sequencer.breaks
      verdict = await this.#continuation(subscription.subscriber, sequencer, recover)
      if (!subscription.is('joining')) return false
      // The stream broke while the verdict was on its way: it was about a history that is gone.
    } while (breaks !== sequencer.breaks)
    if ('break' in verdict) {
      const at = sequencer.position
      this.#host.count('breaks', 1)
      const broken = { ...verdict.break, next: at }
      return this.#enter(subscription, resultAt(at, { wasRecovering: true, break: broken }), {
        reply,
        cursor: at.offset,
      })
    }
    const publications = withinBytes(verdict.publications, this.#host.maxReplyBytes)
    const cursor = publications.at(-1)?.offset ?? recover.offset
    const result: SubscribeResult = {
      ...resultAt({ epoch: sequencer.position.epoch, offset: recover.offset }, { wasRecovering: true }),
      recovered: true,
      publications,
    }
    return this.#enter(subscription, result, { reply, cursor })
  }

  leave(subscription: Subscription): void {
    if (subscription.state === 'lagging') this.#lagging -= 1
    subscription.state = 'ended'
    this.#fanOut.remove(subscription)
    this.subscriptions.delete(subscription)
  }

  /** A lagging subscription's client has drained: goes on from its cursor until it is live or the client is full again. */
  async catchUp(subscription: Subscription): Promise<void> {
    const { sequencer } = this
    if (sequencer === undefined || subscription.isCatchingUp) return
    subscription.isCatchingUp = true
    try {
      while (subscription.is('lagging') && subscription.subscriber.isWritable) {
        const page = sequencer.ring.after(subscription.cursor, PAGE) ?? (await this.#readPage(sequencer, subscription))
        if (!subscription.is('lagging') || page === undefined) return
        this.#send(subscription, page)
        if (subscription.cursor === sequencer.position.offset) this.#goLive(subscription)
        else if (page.length === 0) return await sequencer.resync()
      }
    } catch (error) {
      if (error instanceof ReaderGoneError) return
      // The cursor stays: the next drain or the periodic retry goes on from there.
      this.#host.onTrouble(`catching up on ${this.name} failed; it is tried again`, error)
    } finally {
      subscription.isCatchingUp = false
    }
  }

  /** Tries again what failed: a resync, or a catch-up. */
  retry(): void {
    this.sequencer?.retry()
    if (this.#lagging === 0) return
    for (const subscription of this.subscriptions) if (subscription.state === 'lagging') void this.catchUp(subscription)
  }

  close(): void {
    this.sequencer?.close()
  }

  /** One answer for one client, in the turn of that client. */
  #readFor(client: Subscriber, after: Position, limit: number): Promise<ReadResult> {
    const { reads, maxReplyBytes: maxBytes } = this.#host
    return reads.clients.run(client, () => this.#readNow({ after, limit, maxBytes }))
  }

  #readNow(request: Omit<ReadRequest, 'channel' | 'retention'>): Promise<ReadResult> {
    return this.#host.bus.read({ channel: this.name, retention: this.rule.retention, mint: true, ...request })
  }

  #deliver(publication: Publication): void {
    this.#host.count('delivered', this.#fanOut.deliver(publication))
  }

  /**
   * What follows a position: from memory when it reaches that far, else from the log. Memory may be behind the log, while the sequencer reads: then
   * the rest comes as it does to everybody.
   */
  async #continuation(client: Subscriber, sequencer: Sequencer, recover: Position): Promise<Continuation> {
    const limit = this.#host.maxPublicationsPerReply
    const fromRing = (): readonly Publication[] | undefined =>
      sequencer.knows(recover) ? sequencer.ring.after(recover.offset, limit) : undefined
    let publications = fromRing()
    if (publications === undefined && sequencer.knows(recover) && sequencer.canBackfill(recover.offset)) {
      await this.#host.reads.clients.run(client, async () => {
        // Others may have fetched it while this client waited for its turn.
        if (fromRing() !== undefined) return
        // One read serves all who come back at the same time.
        this.#backfill ??= sequencer.backfill(this.#tail).finally(() => {
          this.#backfill = undefined
        })
        await this.#backfill
      })
      publications = fromRing()
    }
    if (publications !== undefined) return { publications }
    const result = await this.#judge(client, recover, limit)
    if (result.verdict === 'break') return { break: { reason: result.reason, last: recover, fork: result.fork } }
    // The log knows more, or another epoch, than this node has heard of: it catches up before anybody is told.
    if (result.head.epoch !== sequencer.position.epoch || result.head.offset > sequencer.position.offset)
      await sequencer.resync()
    // Without having followed, this node cannot say under which epoch they stand.
    if (result.head.epoch !== sequencer.position.epoch)
      throw new BusError('unavailable', 'the log could not be followed')
    const known = sequencer.position.offset
    const records = decodeAll(result, known)
    return records === undefined ? { break: { reason: 'unknown', last: recover } } : { publications: records }
  }

  /**
   * Reads the log after a client's position. A client that knows what this log does not may have come from a newer master than the one this node reads
   * from: before it is told of a break, the node makes sure that the stale one is not itself.
   */
  async #judge(client: Subscriber, recover: Position, limit: number): Promise<ReadResult> {
    const result = await this.#readFor(client, recover, limit)
    const { bus } = this.#host
    if (result.verdict === 'continue' || result.reason === 'trimmed' || bus.confirm === undefined) return result
    // One question serves all who come back at the same time.
    this.#confirming ??= bus.confirm(this.name).finally(() => {
      this.#confirming = undefined
    })
    if (!(await this.#confirming)) throw new BusError('unavailable', 'this node may not talk to the current broker')
    return this.#readFor(client, recover, limit)
  }

  #enter(
    subscription: Subscription,
    result: SubscribeResult,
    { reply, cursor }: { readonly reply: (result: SubscribeResult) => boolean; readonly cursor: number },
  ): boolean {
    if (!subscription.is('joining') || !reply(result)) return false
    if (this.sequencer === undefined || cursor === this.sequencer.position.offset) {
      this.#goLive(subscription)
    } else {
      this.#lag(subscription, cursor)
      void this.catchUp(subscription)
    }
    return true
  }

  #goLive(subscription: Subscription): void {
    if (subscription.state === 'lagging') this.#lagging -= 1
    subscription.state = 'live'
    this.#fanOut.add(subscription)
  }

  #lag(subscription: Subscription, cursor: number): void {
    subscription.state = 'lagging'
    subscription.cursor = cursor
    this.#lagging += 1
  }

  #send(subscription: Subscription, page: readonly Publication[]): void {
    const { subscriber } = subscription
    for (const publication of page) {
      if (!subscriber.isWritable) return
      subscriber.send({ type: 'publication', channel: this.name, publication })
      subscription.cursor = publication.offset
      this.#host.count('delivered', 1)
    }
  }

  /** Publications after a lagging subscription's cursor, from the log; `undefined` when its stream turned out to be broken (it has been told). */
  async #readPage(sequencer: Sequencer, subscription: Subscription): Promise<readonly Publication[] | undefined> {
    const last = { epoch: sequencer.position.epoch, offset: subscription.cursor }
    const result = await this.#readFor(subscription.subscriber, last, PAGE)
    if (!subscription.is('lagging')) return undefined
    if (result.verdict === 'continue') {
      // Under another epoch than this node knows, the records wait until the sequencer has followed: an empty page makes it.
      const page = result.head.epoch === sequencer.position.epoch ? decodeAll(result, sequencer.position.offset) : []
      if (page !== undefined) return page
    } else if (result.reason !== 'trimmed') {
      // Not this client alone: the channel's log is another. The sequencer finds out and tells everybody.
      await sequencer.resync()
      if (!subscription.is('lagging')) return undefined
    }
    const reason = result.verdict === 'break' ? result.reason : 'unknown'
    this.#break(subscription, { reason, last, next: sequencer.position })
    return undefined
  }

  #breakAll(broken: Break): void {
    const all = this.#receiving()
    for (const subscription of all) {
      const { state, cursor, subscriber } = subscription
      // Who has not got as far as the fork holds nothing that was rolled back: it goes on, in the history that survived.
      if (state === 'lagging' && broken.fork !== undefined && cursor <= broken.fork) {
        if (!subscriber.tellEpoch(subscription, broken.next.epoch)) this.#part(subscription)
        continue
      }
      const last = state === 'lagging' ? { ...broken.last, offset: cursor } : broken.last
      this.#break(subscription, { ...broken, last })
    }
    if (broken.next.epoch !== broken.last.epoch) this.#host.onNewEpoch()
    this.#host.onBreak(this.name, broken, all.length)
  }

  /** A copy, since telling somebody something may end their subscription. */
  #receiving(): readonly Subscription[] {
    return [...this.subscriptions].filter(({ state }) => state === 'live' || state === 'lagging')
  }

  #break(subscription: Subscription, broken: Break): void {
    this.#host.count('breaks', 1)
    this.#fanOut.seal()
    if (!subscription.subscriber.tellBreak(subscription, broken)) this.#part(subscription)
    else if (subscription.state === 'lagging') this.#goLive(subscription)
  }

  #tellEpoch(epoch: string): void {
    this.#fanOut.seal()
    // The lagging ones too: from here on their positions, too, are handed back under the new epoch.
    for (const subscription of this.#receiving())
      if (!subscription.subscriber.tellEpoch(subscription, epoch)) this.#part(subscription)
    this.#host.onNewEpoch()
  }

  /** From here on it hears nothing: what it would hear belongs to an epoch that its client does not know. */
  #part(subscription: Subscription): void {
    if (subscription.state === 'lagging') this.#lagging -= 1
    subscription.state = 'parting'
    this.#fanOut.remove(subscription)
    this.#host.sendAway(subscription)
  }
}

/** The records as publications, up to an offset; `undefined` when one of them was not written by a hub. */
function decodeAll(
  result: Extract<ReadResult, { verdict: 'continue' }>,
  upTo: number,
): readonly Publication[] | undefined {
  const publications: Publication[] = []
  for (const { offset, record } of result.records) {
    if (offset > upTo) break
    const publication = decodeRecord(record, offset)
    if (publication === undefined) return undefined
    publications.push(publication)
  }
  return publications
}

/** As many of the first publications as fit, but one at least. */
function withinBytes(publications: readonly Publication[], limit: number): readonly Publication[] {
  let bytes = 0
  const tooMany = publications.findIndex(({ data, info }) => (bytes += data.length + (info?.length ?? 0)) > limit)
  return tooMany === -1 ? publications : publications.slice(0, Math.max(1, tooMany))
}

function resultAt(
  at: Position,
  { wasRecovering, break: broken }: { readonly wasRecovering: boolean; readonly break?: Break },
): SubscribeResult {
  return { recoverable: true, ...at, wasRecovering, recovered: false, publications: [], break: broken }
}

function ephemeralResult(recover: Position | undefined): SubscribeResult {
  return {
    recoverable: false,
    epoch: '',
    offset: 0,
    wasRecovering: recover !== undefined,
    recovered: false,
    publications: [],
  }
}
