// Appends to the log as fast as it goes: through the bus, or with the bus's own script over a bare socket.
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { RedisBus } from 'oyez/bus/redis'
import { answerOrders, ownUsage } from '../child/answer-orders.ts'
import type { AppendFigures, AppendOrders } from '../child/append-orders.ts'
import { redisClient } from './redis-client.ts'

const CHANNELS = 64
const UNDER_WAY = 400
const RECORD = Buffer.from(`"${'.'.repeat(62)}"`)
const RETENTION = { size: 300, ttlMs: 300_000, metaTtlMs: 600_000 }

/** Appends for a while. @returns what was appended between the tenth part of the time and its end. */
async function measured(ms: number, appendedSoFar: () => number): Promise<AppendFigures> {
  const wait = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time))
  await wait(ms / 10)
  const [before, cpuBefore, began] = [appendedSoFar(), ownUsage().cpuUs, performance.now()]
  await wait(ms)
  const appends = appendedSoFar() - before
  return {
    appends,
    perSecond: appends / ((performance.now() - began) / 1_000),
    cpuUs: (ownUsage().cpuUs - cpuBefore) / appends,
  }
}

async function throughBus(redisUrl: string, ms: number): Promise<AppendFigures> {
  const bus = new RedisBus({ url: redisUrl })
  await bus.start({ onPublication: () => {}, onStatus: () => {} })
  let done = 0
  let going = true
  const lane = async (number: number): Promise<void> => {
    const request = { channel: `room-${number % CHANNELS}`, record: RECORD, retention: RETENTION }
    while (going) {
      await bus.append(request)
      done++
    }
  }
  const lanes = Array.from({ length: UNDER_WAY }, (_, number) => lane(number))
  const figures = await measured(ms, () => done)
  going = false
  await Promise.all(lanes)
  await bus.close()
  return figures
}

/** What `redis-benchmark` does: the same commands again and again, so many under way, answers only counted. */
async function throughSocket(redisUrl: string, ms: number, perCall: number): Promise<AppendFigures> {
  const script = await appendScript()
  const client = await redisClient(redisUrl)
  await client.sendCommand(['SCRIPT', 'LOAD', script])
  client.destroy()
  const sha = createHash('sha1').update(script).digest('hex')
  const calls = Array.from({ length: CHANNELS }, (_, number) => call(sha, number, perCall))
  const underWay = Math.max(1, Math.floor(UNDER_WAY / perCall))
  const { port } = new URL(redisUrl)
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  let answered = 0
  let pending = 0
  let going = true
  let next = 0
  let rest: Buffer = Buffer.alloc(0)
  const send = (count: number): void => {
    if (count === 0 || !going) return
    socket.write(Buffer.concat(Array.from({ length: count }, () => calls[next++ % CHANNELS] as Buffer)))
  }
  socket.on('data', (chunk: Buffer) => {
    // Every answer of a record begins with its own array of four: code, epoch, offset, heard. It may be cut in two.
    const bytes = Buffer.concat([rest, chunk])
    rest = bytes.subarray(Math.max(0, bytes.length - RECORD_ANSWER.length + 1))
    let records = 0
    for (let at = bytes.indexOf(RECORD_ANSWER); at >= 0; at = bytes.indexOf(RECORD_ANSWER, at + 1)) records++
    answered += records
    pending += records
    const complete = Math.floor(pending / perCall)
    pending -= complete * perCall
    send(complete)
  })
  send(underWay)
  const figures = await measured(ms, () => answered)
  going = false
  socket.destroy()
  if (answered === 0) throw new Error(`Redis did not append: ${rest.toString('latin1')}`)
  return figures
}

const RECORD_ANSWER = '*4\r\n:1\r\n'

/** One ready-made call that stores so many records. */
function call(sha: string, number: number, records: number): Buffer {
  const names = Array.from({ length: records }, (_, n) => `bench:{room-${(number + n) % CHANNELS}}`)
  const head = Buffer.from([1, 2]).toString('latin1')
  const forever = String(Date.now() + 3_600_000)
  const { size, ttlMs, metaTtlMs } = RETENTION
  const args = names.flatMap((name) => [
    RECORD.toString('latin1'),
    `${name}:h`,
    head,
    forever,
    String(size),
    String(ttlMs),
    String(metaTtlMs),
    'AAAAAAAAAAAAAAAA',
    '',
    '',
    '',
  ])
  const words = ['EVALSHA', sha, String(2 * records), ...names.flatMap((name) => [`${name}:m`, `${name}:s`]), ...args]
  return Buffer.from(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`, 'latin1')
}

/** The script is no part of the library's doors: it is read where the build put it. */
async function appendScript(): Promise<string> {
  const file = new URL('../../../packages/oyez/dist/bus/redis/append-script.js', import.meta.url)
  const module = (await import(file.href)) as { appendScript(publish: 'PUBLISH'): string }
  return module.appendScript('PUBLISH')
}

answerOrders<AppendOrders>({
  append: ({ way, redisUrl, ms }) => {
    if (way === 'bus') return throughBus(redisUrl, ms)
    return throughSocket(redisUrl, ms, way === 'script' ? 1 : 64)
  },
})
