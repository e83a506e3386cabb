// What the hub's program costs for a message from one user to another, without network and broker: `node bench/dist/micro/user-to-user.js [ROUNDS]`.
// Two hubs over one memory bus; 64 messages begin in each turn of the event loop, as they do under load.
import { createServer } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { Hub, WsListener } from 'oyez'
import { MemoryBroker, MemoryBus } from 'oyez/bus/memory'
import { LoopbackClient } from './loopback-client.ts'

const USERS = 1_000
const SENDERS = 200
const PER_TURN = 64
const PER_ROUND = 12_800
const PAYLOAD = `"${'x'.repeat(62)}"`

const rounds = Number(process.argv[2] ?? 10)
const broker = new MemoryBroker()
const hubs = [0, 1].map(
  () =>
    new Hub({
      bus: new MemoryBus({ broker }),
      authenticate: ({ url }) => ({ userId: new URL(url, 'ws://localhost').searchParams.get('user') ?? '' }),
      channels: { defaults: { publish: 'anyone' } },
      // These clients answer no pings.
      times: { pingIntervalMs: 3_600_000 },
    }),
)
await Promise.all(hubs.map((hub) => hub.start()))
const servers = hubs.map((hub) => {
  const server = createServer()
  new WsListener(hub, { origins: 'any' }).attach(server)
  return server
})
const clients = Array.from({ length: USERS }, (_, user) => {
  const server = servers[user % servers.length]
  if (server === undefined) throw new Error('no server')
  const client = new LoopbackClient(server, `/connection/websocket?user=u${user}`)
  client.send('{"id":1,"connect":{}}')
  return client
})
const delivered = (): number => hubs.reduce((sum, hub) => sum + hub.stats().delivered, 0)
// The upgrade and the answer to the connect.
while (clients.some(({ writes }) => writes < 2)) await turn()

let sent = 0
async function send(count: number): Promise<void> {
  for (let done = 0; done < count; done += PER_TURN) {
    for (let i = 0; i < PER_TURN; i++, sent++) {
      const text = `{"id":${sent + 2},"publish":{"channel":"#u${(sent * 7_919) % USERS}","data":${PAYLOAD}}}`
      clients[sent % SENDERS]?.send(text)
    }
    await turn()
  }
  while (delivered() < sent) await turn()
}

await send(PER_ROUND)
const costs: number[] = []
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage()
  await send(PER_ROUND)
  const { user, system } = process.cpuUsage(before)
  costs.push((user + system) / PER_ROUND)
}
costs.sort((a, b) => a - b)
// The least of the rounds is what the machine's other work has disturbed least.
console.log(`CPU per message: least ${costs[0]?.toFixed(2)} µs, median ${costs[costs.length >> 1]?.toFixed(2)} µs`)
for (const client of clients) client.close()
await Promise.all(hubs.map((hub) => hub.close()))
