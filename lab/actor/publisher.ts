import { readFileSync } from 'node:fs'
import { Client, ClientError } from 'oyez/client'
import type { PublisherOptions } from './actor-messages.ts'
import { Journal } from './journal.ts'
import { answerRunner, say } from './runner-link.ts'
import { actorSocket } from './socket.ts'

const TICK_MS = 20
const PROGRESS_MS = 100

/** One client that publishes numbered messages. */
class Publisher {
  acked = 0
  sent = 0
  failed = 0
  readonly #actor: number
  readonly #name: string
  readonly #client: Client
  readonly #journal: Journal
  readonly #numbers = new Map<string, number>()
  /** Acknowledgements by channel. */
  readonly #ackedIn = new Map<string, number>()
  readonly #padding: string
  #owed = 0
  #next = 0
  #pending = 0
  #onIdle: (() => void) | undefined

  constructor(actor: number, options: PublisherOptions, journal: Journal) {
    this.#actor = actor
    this.#name = options.names[actor] ?? ''
    this.#journal = journal
    this.#padding = 'x'.repeat(options.payloadBytes)
    journal.write('name', actor, this.#name, 'publisher')
    this.#client = new Client(
      options.urls.map((url) => `${url}?user=${this.#name}`),
      { WebSocket: actorSocket(options.cookie), backoff: { minMs: 50, maxMs: 500 }, publishQueue: 20_000 },
    )
    this.#client.on('connected', ({ node }) => journal.write('on', actor, node))
    this.#client.on('connecting', ({ code, reason }) => journal.write('off', actor, code, reason))
    this.#client.on('disconnected', ({ code, reason }) => journal.write('off', actor, code, reason))
    this.#client.on('error', ({ error }) => journal.write('err', actor, error.code, error.message))
    this.#client.connect()
  }

  ackedIn(channel: string): number {
    return this.#ackedIn.get(channel) ?? 0
  }

  ready(): Promise<void> {
    return this.#client.ready(20_000)
  }

  /** Publishes what is due by now to the busy channels in turn. */
  tick(messages: number, busy: readonly string[]): void {
    this.#owed += messages
    while (this.#owed >= 1) {
      this.#owed -= 1
      const channel = busy[this.#next++ % busy.length]
      if (channel !== undefined) this.say(channel)
    }
  }

  say(channel: string): void {
    const n = (this.#numbers.get(channel) ?? 0) + 1
    this.#numbers.set(channel, n)
    this.sent += 1
    this.#pending += 1
    this.#journal.write('send', this.#actor, channel, n)
    const data = { p: this.#name, n, ...(this.#padding !== '' && { x: this.#padding }) }
    this.#client
      .publish(channel, data)
      .then(
        (position) => {
          this.acked += 1
          this.#ackedIn.set(channel, this.ackedIn(channel) + 1)
          this.#journal.write('ack', this.#actor, channel, n, position?.epoch ?? '', position?.offset ?? 0)
        },
        (error: unknown) => {
          this.failed += 1
          const code = error instanceof ClientError ? error.code : 'strange'
          this.#journal.write('nack', this.#actor, channel, n, code, String(error))
        },
      )
      .finally(() => {
        this.#pending -= 1
        if (this.#pending === 0) this.#onIdle?.()
      })
      .catch(() => undefined)
  }

  async idle(): Promise<void> {
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  close(): void {
    this.#client.disconnect()
  }
}

const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as PublisherOptions
const journal = new Journal(options.journal)
const publishers = options.names.map((_, actor) => new Publisher(actor, options, journal))
let ticking: NodeJS.Timeout | undefined
let stillAt = 0
let stillNext = 0

function tick(): void {
  for (const publisher of publishers) publisher.tick((options.perSecond * TICK_MS) / 1_000, options.busy)
  if (options.still.length === 0 || performance.now() < stillAt) return
  stillAt = performance.now() + options.stillEveryMs
  publishers[stillNext % publishers.length]?.say(options.still[stillNext % options.still.length] ?? '')
  stillNext += 1
}

const sum = (field: 'sent' | 'failed' | 'acked'): number => publishers.reduce((total, one) => total + one[field], 0)

setInterval(() => {
  const acked = publishers.flatMap((publisher) => options.busy.map((channel) => publisher.ackedIn(channel)))
  say({ acked, sent: sum('sent'), failed: sum('failed') })
}, PROGRESS_MS)

answerRunner(async ({ order }) => {
  if (order === 'start') {
    await Promise.all(publishers.map((publisher) => publisher.ready()))
    ticking = setInterval(tick, TICK_MS)
  } else if (order === 'stop') {
    clearInterval(ticking)
    await Promise.all(publishers.map((publisher) => publisher.idle()))
  } else if (order === 'last-words') {
    for (const channel of [...options.busy, ...options.still, ...options.idle]) {
      for (const publisher of publishers) publisher.say(channel)
    }
    await Promise.all(publishers.map((publisher) => publisher.idle()))
  } else if (order === 'finish') {
    for (const publisher of publishers) publisher.close()
    journal.close()
  }
  return sum('acked')
})
