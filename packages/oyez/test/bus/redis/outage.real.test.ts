import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BusError } from '../../../src/bus/bus-error.ts'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { HalfOpenProxy } from './half-open-proxy.ts'
import { AMPLE, RedisNode } from './redis-node.ts'

let server: RedisServer
const nodes: RedisNode[] = []

beforeEach(async () => {
  server = await RedisServer.start({ appendOnly: true })
})
afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ bus }) => bus.close()))
  await server.cleanup()
})

async function start(): Promise<RedisNode> {
  const node = await RedisNode.start({ url: server.url })
  nodes.push(node)
  return node
}

it('a frozen Redis is down within four seconds, calls reject within five, and all goes on by itself afterwards', async () => {
  const node = await start()
  await node.bus.subscribe(['room'])
  const before = await node.store('room', 'before')
  server.freeze()
  const frozenAt = performance.now()
  const append = node.bus.append({ channel: 'room', record: Buffer.from('lost?'), retention: AMPLE })
  const read = node.read('room')
  const subscription = node.bus.subscribe(['other'])
  const settled = Promise.allSettled([append, read, subscription])
  await node.says('down')
  expect(performance.now() - frozenAt).toBeLessThan(4_500)
  const [appended, readed, subscribed] = await settled
  expect(performance.now() - frozenAt).toBeLessThan(5_500)
  expect(codeOf(appended)).toBe('uncertain')
  expect(codeOf(readed)).toBe('unavailable')
  expect(codeOf(subscribed)).toBe('unavailable')
  await expect(node.store('room', 'no')).rejects.toMatchObject({ code: 'unavailable' })
  server.thaw()
  await node.says('up', 1)
  await node.says('gap')
  // `down` is said again when its reason changes.
  expect(node.states.filter((state, index, all) => state !== all[index - 1])).toEqual(['up', 'down', 'up', 'gap'])
  await node.store('room', 'after')
  // The frozen server found the request in its socket and had time to carry it out before its deadline, or it did not: both are "uncertain".
  const texts = await node.texts('room', { after: before })
  expect(texts.at(-1)).toBe('after')
  await waitFor(() => node.heard.some(({ text }) => text === 'after'))
  expect(node.heard.every(({ channel }) => channel === 'room')).toBe(true)
})

it('a request that Redis takes up only after its deadline is not carried out', async () => {
  const node = await start()
  await node.store('room', 'one')
  server.freeze()
  const append = node.bus.append({ channel: 'room', record: Buffer.from('too late'), retention: AMPLE })
  await expect(append).rejects.toMatchObject({ code: 'uncertain' })
  // The deadline is five seconds after the call, in the server's own time: wait until it has surely passed there.
  const thawAt = Date.now() + 3_000
  await waitFor(() => Date.now() > thawAt)
  server.thaw()
  await node.says('gap')
  expect(await node.texts('room')).toEqual(['one'])
})

it('a kill under appends loses no acknowledged record when Redis writes ahead, and positions go on', async () => {
  const node = await start()
  await node.bus.subscribe(['room'])
  const acknowledged: { text: string; offset: number }[] = []
  let failures = 0
  let running = true
  const publisher = (async () => {
    for (let n = 1; running; n++) {
      try {
        const { offset } = await node.store('room', `m${n}`)
        acknowledged.push({ text: `m${n}`, offset })
      } catch (error) {
        if (!(error instanceof BusError)) throw error
        failures++
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
  })()
  await waitFor(() => acknowledged.length > 200)
  const held = (await node.read('room', { limit: 0 })).head
  await server.kill()
  await node.says('down')
  await server.restart()
  await node.says('gap')
  const count = acknowledged.length
  await waitFor(() => acknowledged.length > count + 50)
  running = false
  await publisher
  expect(failures).toBeGreaterThan(0)
  const all = await node.read('room')
  if (all.verdict !== 'continue') throw new Error(all.reason)
  const stored = new Map(all.records.map(({ offset, record }) => [offset, Buffer.from(record).toString()]))
  for (const { text, offset } of acknowledged) expect(stored.get(offset)).toBe(text)
  const since = await node.read('room', { after: held })
  expect(since.verdict).toBe('continue')
  expect(since.head.epoch).not.toBe(held.epoch)
})

it('a Redis that restarts empty is told as a new log', async () => {
  await server.cleanup()
  server = await RedisServer.start()
  const node = await start()
  const held = await node.store('room', 'old')
  await server.kill()
  await server.restart()
  await node.says('gap')
  expect(await node.bus.heads(['room'])).toEqual([undefined])
  expect(await node.read('room', { after: held })).toMatchObject({ verdict: 'break', reason: 'new-log' })
  expect(await node.store('room', 'new')).toMatchObject({ offset: 1 })
})

it('a hints connection that Redis cuts is a gap, and the read after it misses nothing', async () => {
  const publisher = await start()
  const node = await start()
  const channels = Array.from({ length: 2_500 }, (_, i) => `room:${i}`)
  await node.bus.subscribe(channels)
  const start1 = (await node.read('room:7', { limit: 0 })).head
  for (let round = 0; round < 3; round++) {
    const from = node.statuses.length
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    for (let n = 0; n < 20; n++) await publisher.store('room:7', `${round}.${n}`)
    await node.says('gap', from)
  }
  const texts = await node.texts('room:7', { after: start1 })
  expect(texts).toHaveLength(60)
  const heard = node.heard.length
  await publisher.store('room:2499', 'live again')
  await node.hears('room:2499', 1)
  expect(node.heard.slice(heard).map(({ text }) => text)).toContain('live again')
  expect(node.states.filter((state) => state === 'down')).toEqual([])
  expect(node.bus.stats().reconnects).toBe(3)
})

it('a node that stalls in a flood is cut off by Redis, says so, and misses nothing by the read after it', async () => {
  await server.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 0 0')
  const node = await start()
  await node.bus.subscribe(['flood', 'room'])
  const held = (await node.read('room', { limit: 0 })).head
  const flood = `for i = 1, 10000 do redis.call('PUBLISH', KEYS[1], string.rep('x', 4096)) end`
  // This process stands still until the flood is over.
  spawnSync('redis-cli', ['-p', String(server.port), 'EVAL', flood, '1', 'oyez:{flood}:h'])
  await node.store('room', 'after the flood')
  await waitFor(() => node.statuses.some((status) => status.state === 'gap' && status.channels === undefined))
  expect(node.bus.stats().reconnects).toBe(1)
  expect(await node.texts('room', { after: held })).toEqual(['after the flood'])
  expect(node.heard.filter(({ channel }) => channel === 'flood')).toEqual([])
  expect(node.states.filter((state) => state === 'down')).toEqual([])
})

it('a commands connection that Redis cuts comes back, and hints go on meanwhile', async () => {
  const node = await start()
  await node.bus.subscribe(['room'])
  await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
  await node.says('down')
  await node.says('up', 1)
  await node.store('room', 'hello')
  await node.hears('room', 1)
  expect(node.statuses.find(({ state }) => state === 'down')).toMatchObject({ error: { code: 'unavailable' } })
})

it('channels subscribed while Redis is away are live when it is back', async () => {
  const node = await start()
  await server.kill()
  await node.says('down')
  const subscribed = node.bus.subscribe(['room'])
  await server.restart()
  await subscribed
  await node.says('up', 1)
  await node.store('room', 'hello')
  await node.hears('room', 1)
})

it('a half-open hints connection is found by the probe and replaced, and nothing is missed by the read after it', async () => {
  const proxy = await HalfOpenProxy.start(server.port)
  const node = await RedisNode.start({ url: `redis://127.0.0.1:${proxy.port}` })
  nodes.push(node)
  const publisher = await start()
  await node.bus.subscribe(['room'])
  const held = (await node.read('room', { limit: 0 })).head
  proxy.silenceSubscribers()
  await publisher.store('room', 'unheard')
  await node.says('down')
  await node.says('gap')
  expect(node.heard).toEqual([])
  expect(await node.texts('room', { after: held })).toEqual(['unheard'])
  await publisher.store('room', 'heard')
  await node.hears('room', 1)
  expect(node.heard).toMatchObject([{ text: 'heard' }])
  await node.bus.close()
  await proxy.close()
})

function codeOf(result: PromiseSettledResult<unknown> | undefined): unknown {
  return result?.status === 'rejected' && result.reason instanceof BusError ? result.reason.code : result?.status
}
