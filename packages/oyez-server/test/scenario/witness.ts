import { Client } from 'oyez/client'
import WebSocket from 'ws'
import type { Cry } from './herald.ts'

/** One line of a witness's journal. */
export type Entry =
  | { readonly kind: 'subscribed'; readonly recovered: boolean; readonly epoch: string; readonly offset: number }
  | { readonly kind: 'publication'; readonly offset: number; readonly cry: Cry }
  | { readonly kind: 'break'; readonly reason: string; readonly last: number; readonly next: number }

/** Subscribes to one channel and keeps a journal of all that it is told. */
export class Witness {
  readonly journal: Entry[] = []
  /** Nodes it has been connected to, in turn. */
  readonly nodes: string[] = []
  readonly #client: Client
  readonly #channel: string

  constructor(name: string, urls: readonly string[], channel: string) {
    this.#channel = channel
    this.#client = new Client(
      urls.map((url) => `${url}?user=${name}`),
      { WebSocket, backoff: { minMs: 50, maxMs: 500 } },
    )
    this.#client.on('connected', ({ node }) => this.nodes.push(node))
    const subscription = this.#client.subscription(channel)
    subscription.on('subscribed', ({ recovered, position }) => {
      this.journal.push({ kind: 'subscribed', recovered, epoch: position?.epoch ?? '', offset: position?.offset ?? 0 })
    })
    subscription.on('publication', ({ offset, data }) => {
      this.journal.push({ kind: 'publication', offset, cry: data as Cry })
    })
    subscription.on('break', ({ reason, last, next }) => {
      this.journal.push({ kind: 'break', reason, last: last.offset, next: next.offset })
    })
    subscription.subscribe()
    this.#client.connect()
  }

  get received(): readonly Extract<Entry, { kind: 'publication' }>[] {
    return this.journal.filter((entry) => entry.kind === 'publication')
  }

  get breaks(): readonly Extract<Entry, { kind: 'break' }>[] {
    return this.journal.filter((entry) => entry.kind === 'break')
  }

  /** Whether its subscription is live now. */
  get isSubscribed(): boolean {
    return this.#client.state === 'connected' && this.#client.subscription(this.#channel).state === 'subscribed'
  }

  get lastOffset(): number {
    return this.received.at(-1)?.offset ?? 0
  }

  close(): void {
    this.#client.disconnect()
  }
}
