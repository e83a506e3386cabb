// What the hub's program costs for a client that comes back and was away for 300 publications, without network and broker:
// `node bench/dist/micro/resume.js [CLIENTS]`. All come back in the same moment, as after the loss of a node.
import { createServer } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { Hub, WsListener } from 'oyez'
import { MemoryBus } from 'oyez/bus/memory'
import { LoopbackClient } from './loopback-client.ts'

const MISSED = 300
const clients = Number(process.argv[2] ?? 1_000)
const hub = new Hub({
  bus: new MemoryBus(),
  authenticate: () => ({ userId: '' }),
  channels: { defaults: { subscribe: 'anyone', historySize: MISSED } },
  // These clients answer no pings.
  times: { pingIntervalMs: 3_600_000 },
})
await hub.start()
const server = createServer()
new WsListener(hub, { origins: 'any' }).attach(server)

const { position } = await hub.history('news', { limit: 0 })
for (let n = 0; n < MISSED; n++) await hub.publish('news', 'x'.repeat(62))

async function comeBack(count: number): Promise<readonly LoopbackClient[]> {
  const back = Array.from({ length: count }, () => {
    const client = new LoopbackClient(server, '/connection/websocket')
    const recover = `"recover":true,"epoch":"${position.epoch}","offset":${position.offset}`
    client.send(`{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"news",${recover}}}`)
    return client
  })
  while (back.some(({ bytes }) => bytes < MISSED * 62)) await turn()
  return back
}

await comeBack(clients)
const before = process.cpuUsage()
await comeBack(clients)
const { user, system } = process.cpuUsage(before)
console.log(`CPU per client that came back, connect included: ${((user + system) / clients).toFixed(1)} µs`)
process.exit(0)
