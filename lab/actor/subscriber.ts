import { readFileSync } from 'node:fs'
import type { Head, SubscriberOptions } from './actor-messages.ts'
import { RecordingCentrifugeClient } from './centrifuge-client.ts'
import { Journal } from './journal.ts'
import { answerRunner, say } from './runner-link.ts'
import { RecordingOyezClient } from './oyez-client.ts'
import { actorSocket, cutSockets } from './socket.ts'
import type { RecordingClient } from './recording-client.ts'

const PROGRESS_MS = 100
/** Clients do not all connect in one tick, or the first thing that a scenario tests is the accept queue. */
const ARRIVAL_MS = 5

const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SubscriberOptions
const journal = new Journal(options.journal)
const socket = actorSocket(options.cookie)
const clients: RecordingClient[] = []

function open(actor: number): RecordingClient {
  const name = options.names[actor] ?? ''
  const setup = {
    actor,
    name,
    urls: options.urls.map((url) => `${url}?user=${name}`),
    channels: options.channels,
    journal,
    socket,
  }
  return options.client === 'oyez' ? new RecordingOyezClient(setup) : new RecordingCentrifugeClient(setup)
}

async function arrive(): Promise<void> {
  for (let actor = 0; actor < options.names.length; actor++) {
    clients.push(open(actor))
    await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS))
  }
  for (;;) {
    if (clients.every(({ live }) => live === options.channels.length)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The subscriptions that do not stand at the heads, in words; empty when all do. */
function behind(heads: readonly Head[]): string {
  const late: string[] = []
  for (const client of clients) {
    for (const { channel, epoch, offset } of heads) {
      const at = client.position(channel)
      if (at === undefined || at.offset !== offset || at.epoch !== epoch) {
        late.push(`${client.name} at ${at?.offset ?? 'nothing'} of ${channel} (${offset})`)
      }
    }
  }
  return late.length === 0 ? '' : `${late.length} behind, the first: ${late[0]}`
}

const sum = (field: 'delivered' | 'live' | 'breaks'): number => clients.reduce((total, one) => total + one[field], 0)

setInterval(() => say({ delivered: sum('delivered'), live: sum('live'), breaks: sum('breaks') }), PROGRESS_MS)

answerRunner(async (order) => {
  if (order.order === 'start') await arrive()
  else if (order.order === 'behind') return behind(order.heads)
  else if (order.order === 'cut') return cutSockets(order.share)
  else if (order.order === 'finish') {
    for (const client of clients) client.close()
    journal.close()
  }
  return sum('delivered')
})
