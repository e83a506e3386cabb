import { afterEach, beforeEach } from 'vitest'
import { Client } from '../../src/client/client.ts'
import type { ClientOptions } from '../../src/client/options.ts'
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

interface Source<Events> {
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void
}

/** The next event of a type. */
export function next<Events, Type extends keyof Events>(source: Source<Events>, type: Type): Promise<Events[Type]> {
  return new Promise((resolve) => {
    const undo = source.on(type, (event) => {
      undo()
      resolve(event)
    })
  })
}

/** Every event of a type from now on, as it comes. */
export function collect<Events, Type extends keyof Events>(source: Source<Events>, type: Type): Events[Type][] {
  const events: Events[Type][] = []
  source.on(type, (event) => events.push(event))
  return events
}
