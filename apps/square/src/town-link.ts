import { type Break, Client, ClientError } from 'oyez/client'
import { type Cry, type Notice, type Presence, readCry, readNotice, readPresence, writerName } from './payload.ts'
import { type Recovery, RecoveryCount } from './recovery-count.ts'

const SQUARE = 'room:square'
const CRIER = 'room:crier'
const PEOPLE = 'room:people'

/** How many earlier notices a page shows when it is opened. */
const EARLIER_NOTICES = 30

/** Something somebody published: who, which number in the log, what. */
export interface Heard<Data> {
  readonly from: string
  readonly offset: number
  readonly data: Data
}

/** What the page hears from the town. */
export interface TownHandler {
  onState(state: 'connecting' | 'recovering' | 'connected' | 'ended', node: string): void
  onNotice(notice: Heard<Notice>): void
  /** Notices from before the page was opened, oldest first. */
  onEarlier(notices: readonly Heard<Notice>[]): void
  onLetter(letter: Heard<Notice>): void
  onCry(cry: Heard<Cry>): void
  onPresence(presence: Heard<Presence>): void
  onRecovery(recovery: Recovery): void
  onBreak(channel: string, detail: Break): void
  onTrouble(text: string): void
}

/** This page's connection to the town: one client, three rooms and the person's own channel. */
export class TownLink {
  readonly #client: Client
  readonly #handler: TownHandler
  readonly #recovery: RecoveryCount
  readonly #page = Math.random().toString(36).slice(2)
  #node = ''
  #hasBeenConnected = false

  constructor(url: string, handler: TownHandler) {
    this.#handler = handler
    this.#client = new Client(url, { name: 'square' })
    this.#recovery = new RecoveryCount(
      3,
      (recovery) => handler.onRecovery(recovery),
      () => performance.now(),
    )
    this.#listen()
    this.#join(SQUARE, readNotice, (notice) => handler.onNotice(notice))
    this.#join(CRIER, readCry, (cry) => handler.onCry(cry))
    this.#join(PEOPLE, readPresence, (presence) => handler.onPresence(presence))
  }

  /** The node this page is connected to; the last one while it is not. */
  get node(): string {
    return this.#node
  }

  connect(): void {
    this.#client.connect()
  }

  /** Says goodbye and ends the connection. */
  disconnect(): void {
    this.#present(true)
    this.#client.disconnect()
  }

  /** Says something to everybody. */
  say(text: string): void {
    void this.#publish(SQUARE, { text, node: this.#node })
  }

  /** Writes to one person, on whichever node; resolves with the number in their log, `undefined` when it was refused. */
  write(to: string, text: string): Promise<number | undefined> {
    return this.#publish(`#${to}`, { text, node: this.#node })
  }

  /** Cries one number of a run; resolves when it is stored. */
  cry(cry: Cry): Promise<number | undefined> {
    return this.#publish(CRIER, cry)
  }

  /** Tells the others that this page is here; not while it is away, or they would hear it late. */
  greet(): void {
    this.#present(false)
  }

  #present(gone: boolean): void {
    if (this.#client.state !== 'connected') return
    // A goodbye is rarely answered before the page is gone, and a greeting that is refused comes again: neither is worth a complaint.
    this.#client.publish(PEOPLE, { node: this.#node, page: this.#page, gone }).catch(() => {})
  }

  async #publish(channel: string, data: unknown): Promise<number | undefined> {
    try {
      const position = await this.#client.publish(channel, data)
      return position?.offset ?? 0
    } catch (error) {
      const words = error instanceof ClientError ? `${error.message} (${error.code})` : String(error)
      this.#handler.onTrouble(`Not sent to ${channel}: ${words}`)
      return undefined
    }
  }

  #listen(): void {
    const client = this.#client
    const handler = this.#handler
    client.on('connecting', () => {
      if (this.#hasBeenConnected) this.#recovery.lost()
      handler.onState(this.#hasBeenConnected ? 'recovering' : 'connecting', this.#node)
    })
    client.on('connected', ({ node }) => {
      this.#node = node
      this.#hasBeenConnected = true
      this.#recovery.connected()
      handler.onState('connected', node)
    })
    client.on('disconnected', ({ code, reason }) => {
      handler.onState('ended', this.#node)
      if (code !== 0) handler.onTrouble(`The server ended the connection for good: ${reason} (${code}).`)
    })
    client.on('message', ({ data, offset, info }) => {
      this.#recovery.publication()
      const letter = readNotice(data)
      if (letter) handler.onLetter({ from: writerName(info?.user), offset, data: letter })
    })
    client.on('break', ({ channel, ...detail }) => this.#broken(channel, detail))
    client.on('error', ({ error }) => handler.onTrouble(error.message))
  }

  #join<Data>(channel: string, read: (data: unknown) => Data | undefined, tell: (heard: Heard<Data>) => void): void {
    const subscription = this.#client.subscription(channel)
    let isFirst = true
    subscription.on('subscribed', ({ position }) => {
      this.#recovery.confirmed()
      if (isFirst && channel === SQUARE && position) void this.#showEarlier(position.offset)
      if (isFirst && channel === PEOPLE) this.greet()
      isFirst = false
    })
    subscription.on('publication', ({ data, offset, info }) => {
      this.#recovery.publication()
      const known = read(data)
      if (known) tell({ from: writerName(info?.user), offset, data: known })
    })
    subscription.on('break', (detail) => this.#broken(channel, detail))
    subscription.subscribe()
  }

  #broken(channel: string, detail: Break): void {
    this.#recovery.broken()
    this.#handler.onBreak(channel, detail)
  }

  async #showEarlier(upTo: number): Promise<void> {
    try {
      const { publications } = await this.#client.history(SQUARE, { limit: EARLIER_NOTICES, reverse: true })
      const notices = publications.flatMap(({ data, offset, info }) => {
        const notice = offset <= upTo ? readNotice(data) : undefined
        return notice ? [{ from: writerName(info?.user), offset, data: notice }] : []
      })
      this.#handler.onEarlier(notices.reverse())
    } catch (error) {
      this.#handler.onTrouble(`The earlier notices could not be read: ${String(error)}`)
    }
  }
}
