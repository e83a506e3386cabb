import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { RedisBus } from '../../../src/bus/redis/index.ts'
import { freePort, RedisServer } from '../../fixture/redis-server.ts'

let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start({ password: 'open sesame' })
})
afterAll(() => server.cleanup())

/** Starts a bus and gives back what `start` said, together with the time that it took. */
async function failureOf(url: string, more: { username?: string; password?: string } = {}): Promise<Error> {
  const bus = new RedisBus({ url, ...more })
  const begin = performance.now()
  const error: unknown = await bus.start({ onPublication() {}, onStatus() {} }).then(
    () => new Error('it started'),
    (reason: unknown) => reason,
  )
  expect(performance.now() - begin).toBeLessThan(6_000)
  await bus.close()
  if (!(error instanceof Error)) throw new TypeError('no Error')
  expect(error.message).not.toContain('\n')
  return error
}

it('an unreachable Redis is named with host and port and what to look at', async () => {
  const port = await freePort()
  const error = await failureOf(`redis://user:hidden@127.0.0.1:${port}`)
  expect(error).toMatchObject({
    code: 'unavailable',
    message: `Redis at 127.0.0.1:${port} cannot be reached: connection refused; is Redis running there?`,
  })
})

it('an unknown host name is named', async () => {
  const error = await failureOf('redis://no-such-host.invalid:6379')
  expect(error.message).toMatch(/^Redis at no-such-host\.invalid:6379 cannot be reached: /)
})

it('a server that accepts and never answers is given up', async () => {
  const mute: Server = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => mute.listen(port, '127.0.0.1', resolve))
  const error = await failureOf(`redis://127.0.0.1:${port}`)
  expect(error.message).toBe(`Redis at 127.0.0.1:${port} cannot be reached: no answer within 4000 ms`)
  mute.close()
})

it('a wrong password is told and never repeated', async () => {
  const error = await failureOf(`redis://:guess@127.0.0.1:${server.port}`)
  expect(error).toMatchObject({
    code: 'refused',
    message: `Redis at 127.0.0.1:${server.port} refuses the user name or password`,
  })
})

it('a missing password is told with where to put it', async () => {
  const error = await failureOf(`redis://127.0.0.1:${server.port}`)
  expect(error.message).toBe(
    `Redis at 127.0.0.1:${server.port} wants a password; put it into the url or the option password`,
  )
})

it('the password may come from the url or from the option', async () => {
  for (const bus of [
    new RedisBus({ url: server.url }),
    new RedisBus({ url: `redis://127.0.0.1:${server.port}`, password: 'open sesame' }),
  ]) {
    await bus.start({ onPublication() {}, onStatus() {} })
    await bus.close()
  }
})

it('every right that is missing is found at the start', async () => {
  const rights = ['on', '>pw', '~oyez:*', '&oyez:*', '+@all']
  const lacking = [
    ['-evalsha'],
    ['-subscribe'],
    ['-xadd'],
    ['-hset'],
    ['-info'],
    ['resetkeys', '~else:*'],
    ['resetchannels'],
  ]
  for (const missing of [...lacking, ['resetchannels', '&oyez:probe:*']]) {
    await server.command('ACL', 'SETUSER', 'app', 'reset', ...rights, ...missing)
    const error = await failureOf(`redis://127.0.0.1:${server.port}`, { username: 'app', password: 'pw' })
    expect(error, missing.join(' ')).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('right') as string,
    })
  }
  await server.command('ACL', 'SETUSER', 'app', 'reset', ...rights)
  const bus = new RedisBus({ url: `redis://127.0.0.1:${server.port}`, username: 'app', password: 'pw' })
  await bus.start({ onPublication() {}, onStatus() {} })
  await bus.close()
})

it('a second start is a mistake and harms nothing', async () => {
  const bus = new RedisBus({ url: server.url })
  await bus.start({ onPublication() {}, onStatus() {} })
  await expect(bus.start({ onPublication() {}, onStatus() {} })).rejects.toThrow(TypeError)
  await bus.broadcast('room', Buffer.of(1))
  await bus.close()
})

it('after close no timer and no socket is left, whatever was going on', async () => {
  const resources = (): string[] =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name.startsWith('TCP'))
  const own = await RedisServer.start()
  const before = resources().length
  const bus = new RedisBus({ url: own.url })
  await bus.start({ onPublication() {}, onStatus() {} })
  await bus.subscribe(['room'])
  own.freeze()
  const append = bus.append({
    channel: 'room',
    record: Buffer.of(1),
    retention: { size: 1, ttlMs: 1_000, metaTtlMs: 1_000 },
  })
  const subscription = bus.subscribe(['other'])
  const calls = Promise.allSettled([append, subscription])
  await bus.close()
  await bus.close()
  expect(await calls).toMatchObject([{ reason: { code: 'closed' } }, { reason: { code: 'closed' } }])
  await expect(bus.subscribe(['room'])).rejects.toMatchObject({ code: 'closed' })
  own.thaw()
  await own.cleanup()
  await new Promise((resolve) => setImmediate(resolve))
  expect(resources().length).toBeLessThanOrEqual(before)
})

it('a bus that waits for its next attempt closes as well', async () => {
  const own = await RedisServer.start()
  const bus = new RedisBus({ url: own.url })
  const states: string[] = []
  let down = (): void => undefined
  const lost = new Promise<void>((resolve) => (down = resolve))
  await bus.start({
    onPublication() {},
    onStatus({ state }) {
      states.push(state)
      if (state === 'down') down()
    },
  })
  await own.cleanup()
  await lost
  await bus.close()
  expect(states).toEqual(['up', 'down'])
})
