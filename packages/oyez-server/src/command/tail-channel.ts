import { type Break, Client, ClientError, type History } from 'oyez/client'
import { UserError } from '../user-error.ts'

/** Publications read in one go. */
const PAGE = 100
const PATIENCE_MS = 3_000

export interface TailOptions {
  readonly url: string
  readonly channel: string
  /** Begin behind this offset. */
  readonly since?: number | undefined
  /** Begin with so many of the last publications. */
  readonly history?: number | undefined
}

/** Where a tail goes. */
export interface TailSink {
  publication(offset: number, data: unknown): void
  broken(event: Break): void
  notice(text: string): void
}

/** Follows a channel until the server refuses. @throws {UserError} with what it said. */
export function tailChannel(options: TailOptions, sink: TailSink): Promise<never> {
  return new Tail(options, sink).run()
}

class Tail {
  readonly #options: TailOptions
  readonly #sink: TailSink
  readonly #client: Client
  /** What arrives while the past is still being read; `undefined` once it has been. */
  #held: { readonly offset: number; readonly data: unknown }[] | undefined = []
  #last = 0

  constructor(options: TailOptions, sink: TailSink) {
    this.#options = options
    this.#sink = sink
    this.#client = new Client(options.url, { name: 'oyez-tail' })
  }

  run(): Promise<never> {
    const { channel, url } = this.#options
    return new Promise((_, reject) => {
      const fail = (words: string): void => {
        // First, since the goodbye is reported as an end too.
        reject(new UserError(words))
        this.#client.disconnect()
      }
      const patience = setTimeout(() => this.#sink.notice(`no answer from ${url} yet; trying on`), PATIENCE_MS)
      // Said once for each outage, not for each attempt.
      let state: 'new' | 'connected' | 'lost' = 'new'
      this.#client.on('connecting', ({ code, reason }) => {
        if (state !== 'connected') return
        state = 'lost'
        this.#sink.notice(`connection lost (${reason || code}); trying again`)
      })
      this.#client.on('connected', ({ node }) => {
        clearTimeout(patience)
        if (state === 'lost') this.#sink.notice(`connected again, to ${node}`)
        state = 'connected'
      })
      this.#client.on('disconnected', ({ code, reason }) => fail(`${url} ended the connection: ${reason} (${code})`))
      // The server subscribes every connection of a user to the user's own channel; others are asked for.
      if (channel.startsWith('#')) this.#listenToUser()
      else this.#subscribe(fail)
      this.#client.connect()
    })
  }

  #listenToUser(): void {
    const { channel } = this.#options
    this.#client.on('message', (message) => {
      if (message.channel === channel) this.#take(message.offset, message.data)
    })
    this.#client.on('break', (event) => {
      if (event.channel === channel) this.#broken(event)
    })
    const undo = this.#client.on('connected', () => {
      undo()
      void this.#readPast()
    })
  }

  #subscribe(fail: (words: string) => void): void {
    const { channel } = this.#options
    const subscription = this.#client.subscription(channel)
    subscription.on('publication', ({ offset, data }) => this.#take(offset, data))
    subscription.on('break', (event) => this.#broken(event))
    subscription.on('unsubscribed', ({ code, reason }) => fail(`the server refuses ${channel}: ${reason} (${code})`))
    const undo = subscription.on('subscribed', () => {
      undo()
      void this.#readPast()
    })
    subscription.subscribe()
  }

  /** Prints what was published before, then what arrived meanwhile. */
  async #readPast(): Promise<void> {
    const { since, history = 0 } = this.#options
    try {
      if (since !== undefined) await this.#readSince(since)
      else if (history > 0) await this.#readLast(history)
    } catch (error) {
      this.#sink.notice(`the past cannot be read: ${error instanceof Error ? error.message : String(error)}`)
      // A connection lost on the way is made again, and the present goes on.
    }
    const held = this.#held ?? []
    this.#held = undefined
    for (const { offset, data } of held) this.#print(offset, data)
  }

  async #readSince(since: number): Promise<void> {
    const { channel } = this.#options
    const { position } = await this.#client.history(channel, { limit: 0 })
    if (since > position.offset) {
      this.#sink.notice(`the channel has only come to ${position.offset}`)
      return
    }
    let offset = since
    while (offset < position.offset) {
      const page = await this.#client
        .history(channel, { limit: PAGE, since: { epoch: position.epoch, offset } })
        // Behind what is kept: begin with the oldest that is there.
        .catch((error: unknown) => this.#oldest(error))
      const first = page.publications[0]
      if (first === undefined) return
      if (first.offset !== offset + 1) {
        const at = (place: number) => ({ epoch: position.epoch, offset: place })
        this.#sink.broken({ reason: 'trimmed', last: at(offset), next: at(first.offset - 1) })
      }
      for (const publication of page.publications) this.#print(publication.offset, publication.data)
      offset = this.#last
    }
  }

  async #oldest(error: unknown): Promise<History<unknown>> {
    if (error instanceof ClientError && error.status === 112) {
      return this.#client.history(this.#options.channel, { limit: PAGE })
    }
    throw error
  }

  async #readLast(count: number): Promise<void> {
    const { publications } = await this.#client.history(this.#options.channel, { limit: count, reverse: true })
    for (const { offset, data } of publications.toReversed()) this.#print(offset, data)
  }

  #take(offset: number, data: unknown): void {
    if (this.#held === undefined) this.#print(offset, data)
    else this.#held.push({ offset, data })
  }

  #broken(event: Break): void {
    this.#sink.broken(event)
    // The stream goes on elsewhere, maybe with lower numbers.
    this.#last = event.next.offset
  }

  #print(offset: number, data: unknown): void {
    // 0: not in a log, so never read twice.
    if (offset !== 0 && offset <= this.#last) return
    this.#last = Math.max(this.#last, offset)
    this.#sink.publication(offset, data)
  }
}
