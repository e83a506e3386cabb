// What the Redis bus costs its node for an append and the hint of it: `node bench/dist/micro/redis-append.js [ROUNDS]`. Needs `redis-server`.
// 64 appends to 1,000 channels begin in each turn of the event loop, as they do under load; the time of Redis itself is not counted.
import { setImmediate as turn } from 'node:timers/promises'
import { RedisBus } from 'oyez/bus/redis'
import { Redis } from '../redis.ts'

const CHANNELS = Array.from({ length: 1_000 }, (_, user) => `#user-${user}`)
const PER_TURN = 64
const PER_ROUND = 12_800
const RECORD = Buffer.from(`o {"user":"u1","client":"0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"}"${'x'.repeat(62)}"`)
const RETENTION = { size: 300, ttlMs: 300_000, metaTtlMs: 86_400_000 }
/** As many as 200 senders with one message each under way. */
const UNDER_WAY = 192

const rounds = Number(process.argv[2] ?? 10)
const redis = await Redis.start()
const bus = new RedisBus({ url: redis.url })
let heard = 0
let goOn: { readonly at: number; readonly resolve: () => void } | undefined
await bus.start({
  onPublication: () => {
    heard += 1
    if (goOn !== undefined && heard >= goOn.at) goOn.resolve()
  },
  onStatus: () => {},
})
await bus.subscribe(CHANNELS)

let sent = 0
let last: Promise<unknown> = Promise.resolve()
async function append(count: number): Promise<void> {
  for (let done = 0; done < count; done += PER_TURN) {
    if (sent - heard > UNDER_WAY) await whenHeard(sent - UNDER_WAY)
    for (let i = 0; i < PER_TURN; i++, sent++) {
      last = bus.append({
        channel: CHANNELS[(sent * 7_919) % CHANNELS.length] ?? '',
        record: RECORD,
        retention: RETENTION,
      })
    }
    await turn()
  }
  if (heard < sent) await whenHeard(sent)
}

function whenHeard(at: number): Promise<void> {
  return new Promise((resolve) => (goOn = { at, resolve }))
}

await append(PER_ROUND)
const costs: number[] = []
for (let round = 0; round < rounds; round++) {
  const before = process.cpuUsage()
  await append(PER_ROUND)
  const { user } = process.cpuUsage(before)
  costs.push(user / PER_ROUND)
}
costs.sort((a, b) => a - b)
// User time alone, since the turns that wait for Redis are spent in the kernel; the least of the rounds is what other work has disturbed least.
console.log(`user CPU per append: least ${costs[0]?.toFixed(2)} µs, median ${costs[costs.length >> 1]?.toFixed(2)} µs`)
// Answers come in the order of the appends, the last one after its hint.
await last
await bus.close()
await redis.close()
