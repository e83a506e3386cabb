import { Centrifuge, type Subscription } from 'centrifuge'
import { messageOf, type Place, type RecordingClient, type RecordingClientOptions } from './recording-client.ts'

/**
 * A client that uses the official Centrifuge client. It knows nothing of breaks: `recovered: false` after it was recovering is one, without a
 * reason. Epoch and offset are the client's own account of what it was told.
 */
export class RecordingCentrifugeClient implements RecordingClient {
  readonly name: string
  delivered = 0
  breaks = 0
  readonly #setup: RecordingClientOptions
  readonly #client: Centrifuge
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #places = new Map<string, Place>()

  constructor(setup: RecordingClientOptions) {
    const { actor, name, urls, channels, journal, socket } = setup
    this.name = name
    this.#setup = setup
    journal.write('name', actor, name, 'centrifuge')
    // One address: the client's list of addresses is for different transports. Each client begins at another node.
    const endpoint = urls[actor % urls.length] ?? ''
    this.#client = new Centrifuge(endpoint, { websocket: socket, minReconnectDelay: 50, maxReconnectDelay: 500 })
    this.#client.on('connected', () => journal.write('on', actor, ''))
    this.#client.on('connecting', ({ code, reason }) => journal.write('off', actor, code, reason))
    this.#client.on('disconnected', ({ code, reason }) => journal.write('off', actor, code, reason))
    this.#client.on('error', ({ error }) => journal.write('err', actor, String(error.code), error.message))
    for (const channel of channels) this.#follow(channel)
    this.#client.connect()
  }

  get live(): number {
    return [...this.#subscriptions.values()].filter(({ state }) => (state as string) === 'subscribed').length
  }

  position(channel: string): Place | undefined {
    return this.#places.get(channel)
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
    const options = { recoverable: true, positioned: true, minResubscribeDelay: 50, maxResubscribeDelay: 500 }
    const subscription = this.#client.newSubscription(channel, options)
    this.#subscriptions.set(channel, subscription)
    subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }) => {
      const { epoch = '', offset = 0 } = streamPosition ?? {}
      const last = this.#places.get(channel)
      if (wasRecovering && !recovered && last !== undefined) {
        this.breaks += 1
        journal.write('break', actor, channel, '', last.epoch, last.offset, epoch, offset, -1)
      }
      this.#places.set(channel, { epoch, offset })
      journal.write('sub', actor, channel, recovered ? 1 : 0, epoch, offset)
    })
    subscription.on('publication', ({ offset = 0, data, info }) => {
      const { p, n } = messageOf(data)
      const user = info?.user ?? ''
      if (user === p) journal.write('pub', actor, channel, offset, p, n)
      else journal.write('pub', actor, channel, offset, p, n, user)
      this.#places.set(channel, { epoch: this.#places.get(channel)?.epoch ?? '', offset })
      this.delivered += 1
    })
    subscription.on('unsubscribed', ({ code, reason }) => journal.write('err', actor, `unsubscribed ${code}`, reason))
    subscription.on('error', ({ error }) => journal.write('err', actor, `subscription ${error.code}`, error.message))
    subscription.subscribe()
  }
}
