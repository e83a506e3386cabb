import type { Bus } from '../bus/bus.ts'
import { BusError } from '../bus/bus-error.ts'
import type { ChannelRules } from './channel-rule.ts'
import { type ChannelHost, LocalChannel } from './local-channel.ts'
import { ReaderGoneError } from './read-gate.ts'
import type { Subscriber, Subscription } from './subscription.ts'

interface Entry {
  readonly channel: LocalChannel
  state: 'opening' | 'open' | 'lingering' | 'closing'
  /** Settles when the running transition is over. */
  transition: Promise<void>
  lingerUntil: number
}

interface Wanted {
  readonly channel: LocalChannel
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * The channels this node is subscribed to on the bus: those that somebody here wants, and for a while those that somebody just left. The
 * first interest subscribes, and everyone else waits for the same answer; the last one leaves a lingering channel behind, which is released by
 * the periodic {@link BusSubscriptions.sweep}. Per channel, subscribe and unsubscribe never overlap. When the bus refuses, nothing is left.
 */
export class BusSubscriptions {
  readonly #bus: Bus
  readonly #rules: ChannelRules
  readonly #host: ChannelHost
  readonly #lingerMs: number
  readonly #entries = new Map<string, Entry>()
  #wanted: Wanted[] = []

  constructor(host: ChannelHost, rules: ChannelRules, lingerMs: number) {
    this.#bus = host.bus
    this.#host = host
    this.#rules = rules
    this.#lingerMs = lingerMs
  }

  get size(): number {
    return this.#entries.size
  }

  /** The channel, when it is subscribed on the bus or about to be. */
  get(name: string): LocalChannel | undefined {
    return this.#entries.get(name)?.channel
  }

  *channels(): Generator<LocalChannel> {
    for (const { channel } of this.#entries.values()) yield channel
  }

  /** Channels that can be compared with their logs. */
  *open(): Generator<LocalChannel> {
    for (const { channel, state } of this.#entries.values()) if (state === 'open') yield channel
  }

  /**
   * Adds an interest and resolves when the channel is live on the bus and its position is known. Rejects, with the interest taken back, when the bus
   * refuses.
   *
   * @param isRecovering - The subscriber will ask for older publications.
   */
  async acquire(subscription: Subscription, isRecovering: boolean): Promise<LocalChannel> {
    const name = subscription.channel
    for (;;) {
      let entry = this.#entries.get(name)
      if (entry?.state === 'closing') {
        await entry.transition
        continue
      }
      entry ??= this.#openEntry(name, subscription.subscriber, isRecovering)
      if (entry.state === 'lingering') entry.state = 'open'
      entry.channel.subscriptions.add(subscription)
      try {
        await entry.transition
        return entry.channel
      } catch (error) {
        // The channel was being opened for a connection that left: whoever still wants it opens it anew.
        if (!(error instanceof ReaderGoneError) || !subscription.subscriber.isListening) throw error
        if (!subscription.is('joining')) throw error
      }
    }
  }

  /** Takes an interest back; the last one lets the channel linger. */
  release(subscription: Subscription): void {
    const entry = this.#entries.get(subscription.channel)
    if (entry === undefined) {
      subscription.state = 'ended'
      return
    }
    entry.channel.leave(subscription)
    if (entry.channel.subscriptions.size === 0 && entry.state === 'open') {
      entry.state = 'lingering'
      entry.lingerUntil = performance.now() + this.#lingerMs
    }
  }

  /** Releases the channels whose linger time is over. Called once a second or so. */
  sweep(): void {
    const now = performance.now()
    const due = [...this.#entries.values()].filter((entry) => entry.state === 'lingering' && entry.lingerUntil <= now)
    if (due.length === 0) return
    const unsubscribed = this.#bus.unsubscribe(due.map(({ channel }) => channel.name)).catch((error: unknown) => {
      // The bus forgets the channels when it next reconnects; until then their traffic is ignored.
      this.#host.onTrouble('unsubscribing from the bus failed', error)
    })
    for (const entry of due) {
      entry.state = 'closing'
      entry.channel.close()
      entry.transition = unsubscribed.then(() => this.#forget(entry))
    }
  }

  close(): void {
    for (const { channel } of this.#entries.values()) channel.close()
    this.#entries.clear()
  }

  #openEntry(name: string, opener: Subscriber, isRecovering: boolean): Entry {
    const channel = new LocalChannel(name, this.#rules.of(name), this.#host)
    const entry: Entry = { channel, state: 'opening', transition: Promise.resolve(), lingerUntil: 0 }
    this.#entries.set(name, entry)
    let isSubscribed = false
    entry.transition = this.#subscribe(channel)
      .then(() => {
        isSubscribed = true
        return channel.open(opener, isRecovering)
      })
      .then(
        () => this.#opened(entry),
        (error: unknown) => {
          channel.close()
          entry.state = 'closing'
          // A channel that was never asked for on the bus leaves nothing there; in every other case nothing of it may stay.
          const isUntouched = !isSubscribed && error instanceof ReaderGoneError
          const released = isUntouched ? Promise.resolve() : this.#bus.unsubscribe([name]).catch(() => undefined)
          entry.transition = released.then(() => this.#forget(entry))
          throw error
        },
      )
    return entry
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.channel.name)
  }

  #opened(entry: Entry): void {
    entry.state = 'open'
    // Everybody may have left while it was opening.
    if (entry.channel.subscriptions.size > 0) return
    entry.state = 'lingering'
    entry.lingerUntil = performance.now() + this.#lingerMs
  }

  /** Subscribes together with all other channels that were first wanted in this tick: after a mass reconnect they are thousands. */
  #subscribe(channel: LocalChannel): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wanted.push({ channel, resolve, reject })
      if (this.#wanted.length === 1) setImmediate(() => void this.#subscribeWanted())
    })
  }

  async #subscribeWanted(): Promise<void> {
    const wanted = this.#wanted.filter(({ channel, reject }) => {
      const isWanted = channel.subscriptions.size > 0
      if (!isWanted) reject(new ReaderGoneError())
      return isWanted
    })
    this.#wanted = []
    if (wanted.length === 0) return
    try {
      await this.#bus.subscribe(wanted.map(({ channel }) => channel.name))
      for (const { resolve } of wanted) resolve()
    } catch (error) {
      const isRefusal = error instanceof BusError && error.code === 'refused'
      if (wanted.length === 1 || !isRefusal) {
        for (const { reject } of wanted) reject(error)
        return
      }
      // One channel that the bus refuses must not take the others with it; of a bus that is away, one answer is enough.
      await Promise.all(
        wanted.map(({ channel, resolve, reject }) => this.#bus.subscribe([channel.name]).then(resolve, reject)),
      )
    }
  }
}
