import { afterEach, beforeEach } from 'vitest'
import { Client } from '../../src/client/client.ts'
import type { ClientEvents } from '../../src/client/client-event.ts'
import type { ClientOptions } from '../../src/client/options.ts'
import type { Subscription, SubscriptionEvents } from '../../src/client/subscription.ts'
import { ScriptedServer } from './scripted-server.ts'

/** A scripted server and clients for it, closed after each test. Delays are short, since nobody is kept waiting by them here. */
export interface ClientFixture {
  server: ScriptedServer
  client(options?: ClientOptions): Client
}

export function useScriptedServer(): ClientFixture {
  const clients: Client[] = []
  const fixture = {
    client(options: ClientOptions = {}): Client {
      const client = new Client(fixture.server.url, { backoff: { minMs: 10, maxMs: 50 }, ...options })
      clients.push(client)
      return client
    },
  } as ClientFixture
  beforeEach(async () => {
    fixture.server = await ScriptedServer.start()
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect()
    await fixture.server.close()
  })
  return fixture
}

/** The compiler cannot work out from a generic `on` what is emitted: hence the overloads below. */
interface Source {
  on(type: string, listener: (event: unknown) => void): () => void
}

/** The next event of a type. */
export function next<Type extends keyof ClientEvents>(source: Client, type: Type): Promise<ClientEvents[Type]>
export function next<Type extends keyof SubscriptionEvents<unknown>>(
  source: Subscription,
  type: Type,
): Promise<SubscriptionEvents<unknown>[Type]>
export function next(source: Source, type: string): Promise<unknown> {
  return new Promise((resolve) => {
    const undo = source.on(type, (event) => {
      undo()
      resolve(event)
    })
  })
}

/** Every event of a type from now on, as it comes. */
export function collect<Type extends keyof ClientEvents>(source: Client, type: Type): ClientEvents[Type][]
export function collect<Type extends keyof SubscriptionEvents<unknown>>(
  source: Subscription,
  type: Type,
): SubscriptionEvents<unknown>[Type][]
export function collect(source: Source, type: string): unknown[] {
  const events: unknown[] = []
  source.on(type, (event) => events.push(event))
  return events
}
