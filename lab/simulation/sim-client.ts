import type { Client, ClientError, WebSocketConstructor } from 'oyez/client'
import type { Journal, Sent, Subscriber } from './journal.ts'

export interface ClientWorld {
  readonly journal: Journal
  readonly Client: typeof Client
  readonly WebSocket: WebSocketConstructor
  readonly urls: readonly string[]
  readonly now: () => number
}

/** One simulated program with the real client: it writes down all that it is told. */
export class SimClient {
  readonly name: string
  readonly #world: ClientWorld
  readonly #client: Client
  readonly #counts = new Map<string, number>()

  constructor(world: ClientWorld, name: string, channels: readonly string[]) {
    this.#world = world
    this.name = name
    const { Client, WebSocket, urls } = world
    this.#client = new Client(urls, { WebSocket, token: name, backoff: { minMs: 100, maxMs: 2_000 }, publishWindow: 4 })
    this.#listenToPersonal()
    for (const channel of channels) this.#subscribe(channel)
    this.#client.connect()
  }

  publish(channel: string): void {
    const { journal } = this.#world
    const number = (this.#counts.get(channel) ?? 0) + 1
    this.#counts.set(channel, number)
    const text = `${this.name}/${channel}/${number}`
    const sent: Sent = { publisher: this.name, isOrdered: true, channel, number, text, outcome: undefined }
    journal.sent.push(sent)
    journal.log(`${this.name} publishes ${text}`)
    this.#client.publish(channel, { text, fill: 'x'.repeat(60) }).then(
      (position) => {
        journal.log(`${text} is stored at ${position?.epoch}:${position?.offset}`)
        sent.outcome = { kind: 'stored', position }
      },
      (error: ClientError) => {
        journal.log(`${text} failed: ${error.code}`)
        sent.outcome = { kind: 'failed', code: error.code }
      },
    )
  }

  /** Leaves a channel and comes back to it with its position. */
  resubscribe(channel: string): void {
    const subscription = this.#client.subscription(channel)
    if (subscription.state === 'unsubscribed') return
    this.#world.journal.log(`${this.name} leaves ${channel} and comes back`)
    subscription.unsubscribe()
    subscription.subscribe()
  }

  disconnect(): void {
    this.#client.disconnect()
  }

  #subscribe(channel: string): void {
    const { now } = this.#world
    const log = this.#record(channel)
    const subscription = this.#client.subscription(channel)
    subscription.on('subscribed', ({ recovered, position }) =>
      log.push({ type: 'subscribed', at: now(), recovered, position }),
    )
    subscription.on('break', (broken) => log.push({ type: 'break', at: now(), break: broken }))
    subscription.on('publication', ({ data, offset }) => {
      log.push({ type: 'publication', at: now(), offset, text: textOf(data), epoch: subscription.position?.epoch })
    })
    subscription.on('unsubscribed', ({ reason, code }) => {
      if (code !== 0) log.push({ type: 'over', at: now(), reason })
    })
    subscription.subscribe()
  }

  #listenToPersonal(): void {
    const { now } = this.#world
    const channel = `#${this.name}`
    const log = this.#record(channel)
    this.#client.on('break', ({ channel: _, ...broken }) => log.push({ type: 'break', at: now(), break: broken }))
    this.#client.on('message', ({ data, offset }) => {
      log.push({ type: 'publication', at: now(), offset, text: textOf(data), epoch: undefined })
    })
    this.#client.on('disconnected', ({ reason, code }) => {
      if (code !== 0) log.push({ type: 'over', at: now(), reason })
    })
    this.#client.on('connected', ({ node }) => this.#world.journal.log(`${this.name} is connected to ${node}`))
    this.#client.on('connecting', ({ reason }) => this.#world.journal.log(`${this.name} is connecting: ${reason}`))
    this.#client.on('error', ({ error }) => {
      const { journal } = this.#world
      journal.log(`${this.name} reports ${error.code}: ${error.message}`)
      // Its message begins with the channel.
      const about = error.message.split(':')[0] ?? ''
      if (error.code === 'uncertain') journal.reports.push({ publisher: this.name, channel: about })
    })
  }

  #record(channel: string): { push(told: Subscriber['told'][number]): void } {
    const { journal } = this.#world
    const subscriber: Subscriber = { name: this.name, channel, told: [] }
    journal.subscribers.push(subscriber)
    return {
      push: (told) => {
        subscriber.told.push(told)
        journal.log(`${this.name} in ${channel} is told ${inWords(told)}`)
      },
    }
  }
}

function textOf(data: unknown): string {
  return String((data as { readonly text?: unknown } | null)?.text)
}

function inWords(told: Subscriber['told'][number]): string {
  switch (told.type) {
    case 'subscribed':
      return `subscribed at ${told.position?.epoch}:${told.position?.offset}${told.recovered ? ', recovered' : ''}`
    case 'publication':
      return `${told.epoch ?? ''}:${told.offset} ${told.text}`
    case 'break': {
      const { reason, last, next, fork } = told.break
      return `break ${reason}, ${last.epoch}:${last.offset} -> ${next.epoch}:${next.offset}${fork === undefined ? '' : `, fork ${fork}`}`
    }
    case 'over':
      return `that it is over: ${told.reason}`
  }
}
