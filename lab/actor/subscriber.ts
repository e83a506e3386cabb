import { readFileSync } from 'node:fs'
import type { Head, SubscriberCast } from './cast.ts'
import { CentrifugeWitness } from './centrifuge-witness.ts'
import { Journal } from './journal.ts'
import { obey, say } from './obey.ts'
import { OyezWitness } from './oyez-witness.ts'
import { actorSocket, cutSockets } from './socket.ts'
import type { Witness } from './witness.ts'

const PROGRESS_MS = 100
/** Clients do not all connect in one tick, or the first thing that a scenario tests is the accept queue. */
const ARRIVAL_MS = 5

const cast = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SubscriberCast
const journal = new Journal(cast.journal)
const socket = actorSocket(cast.cookie)
const witnesses: Witness[] = []

function open(actor: number): Witness {
  const name = cast.names[actor] ?? ''
  const setup = {
    actor,
    name,
    urls: cast.urls.map((url) => `${url}?user=${name}`),
    channels: cast.channels,
    journal,
    socket,
  }
  return cast.client === 'oyez' ? new OyezWitness(setup) : new CentrifugeWitness(setup)
}

async function arrive(): Promise<void> {
  for (let actor = 0; actor < cast.names.length; actor++) {
    witnesses.push(open(actor))
    await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS))
  }
  for (;;) {
    if (witnesses.every(({ live }) => live === cast.channels.length)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The subscriptions that do not stand at the heads, in words; empty when all do. */
function behind(heads: readonly Head[]): string {
  const late: string[] = []
  for (const witness of witnesses) {
    for (const { channel, epoch, offset } of heads) {
      const at = witness.position(channel)
      if (at === undefined || at.offset !== offset || at.epoch !== epoch) {
        late.push(`${witness.name} at ${at?.offset ?? 'nothing'} of ${channel} (${offset})`)
      }
    }
  }
  return late.length === 0 ? '' : `${late.length} behind, the first: ${late[0]}`
}

const sum = (field: 'delivered' | 'live' | 'breaks'): number => witnesses.reduce((total, one) => total + one[field], 0)

setInterval(() => say({ delivered: sum('delivered'), live: sum('live'), breaks: sum('breaks') }), PROGRESS_MS)

obey(async (order) => {
  if (order.order === 'start') await arrive()
  else if (order.order === 'behind') return behind(order.heads)
  else if (order.order === 'cut') return cutSockets(order.share)
  else if (order.order === 'finish') {
    for (const witness of witnesses) witness.close()
    journal.close()
  }
  return sum('delivered')
})
