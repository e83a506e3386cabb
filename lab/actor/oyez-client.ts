import { Client } from 'oyez/client'
import { messageOf, type Place, type RecordingClient, type RecordingClientOptions } from './recording-client.ts'

/** A client that uses oyez's own client. */
export class RecordingOyezClient implements RecordingClient {
  readonly name: string
  delivered = 0
  breaks = 0
  readonly #setup: RecordingClientOptions
  readonly #client: Client

  constructor(setup: RecordingClientOptions) {
    const { actor, name, urls, channels, journal, socket } = setup
    this.name = name
    this.#setup = setup
    journal.write('name', actor, name, 'oyez')
    this.#client = new Client(urls, { WebSocket: socket, backoff: { minMs: 50, maxMs: 500 } })
    this.#client.on('connected', ({ node }) => journal.write('on', actor, node))
    this.#client.on('connecting', ({ code, reason }) => journal.write('off', actor, code, reason))
    this.#client.on('disconnected', ({ code, reason }) => journal.write('off', actor, code, reason))
    this.#client.on('error', ({ error }) => journal.write('err', actor, error.code, error.message))
    for (const channel of channels) this.#follow(channel)
    this.#client.connect()
  }

  get live(): number {
    if (this.#client.state !== 'connected') return 0
    return this.#setup.channels.filter((channel) => this.#client.subscription(channel).state === 'subscribed').length
  }

  position(channel: string): Place | undefined {
    return this.#client.subscription(channel).position
  }

  close(): void {
    for (const channel of this.#setup.channels) {
      const { epoch = '', offset = 0 } = this.position(channel) ?? {}
      this.#setup.journal.write('end', this.#setup.actor, channel, epoch, offset)
    }
    this.#client.disconnect()
  }

  #follow(channel: string): void {
    const { actor, journal } = this.#setup
    const subscription = this.#client.subscription(channel)
    let told = ''
    subscription.on('subscribed', ({ recovered, position }) => {
      told = position?.epoch ?? ''
      journal.write('sub', actor, channel, recovered ? 1 : 0, told, position?.offset ?? 0)
    })
    subscription.on('publication', ({ offset, data, info }) => {
      const epoch = subscription.position?.epoch ?? ''
      if (epoch !== told) journal.write('epoch', actor, channel, (told = epoch))
      const { p, n } = messageOf(data)
      const user = info?.user ?? ''
      if (user === p) journal.write('pub', actor, channel, offset, p, n)
      else journal.write('pub', actor, channel, offset, p, n, user)
      this.delivered += 1
    })
    subscription.on('break', ({ reason, last, next, fork }) => {
      this.breaks += 1
      told = next.epoch
      journal.write('break', actor, channel, reason, last.epoch, last.offset, next.epoch, next.offset, fork ?? -1)
    })
    subscription.on('unsubscribed', ({ code, reason }) => journal.write('err', actor, `unsubscribed ${code}`, reason))
    subscription.subscribe()
  }
}
