import { afterEach, expect, it } from 'vitest'
import { freePort, RedisServer } from '../../../oyez/test/fixture/redis-server.ts'
import { SentinelTrio } from '../../../oyez/test/fixture/sentinel-trio.ts'
import { runOyez, spawnOyez } from '../fixture/oyez-cli.ts'

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** An `oyez serve` that is not expected to be ready yet. */
function serve(...args: string[]) {
  const child = spawnOyez(['serve', '--port', '0', ...args])
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  ends.push(() => {
    child.kill('SIGKILL')
    return exit
  })
  return {
    exit,
    end: () => child.kill('SIGTERM'),
    says: (text: string) => expect.poll(() => output, { timeout: 15_000 }).toContain(text),
  }
}

it.each([['1'], ['2']])(
  'a node that is started before its Redis waits with words, and is ready when it comes, with %s worker(s)',
  async (workers) => {
    const port = await freePort()
    const node = serve('--bus', `redis://127.0.0.1:${port}`, '--workers', workers)
    await node.says('waiting for the bus')
    await node.says('connection refused')
    const redis = await RedisServer.start({ port })
    ends.push(() => redis.cleanup())
    await node.says('is ready')
    node.end()
    expect(await node.exit).toBe(0)
  },
)

it('a node that is started while the master of its sentinels is away waits for it', async () => {
  const trio = await SentinelTrio.start({ replicas: 0 })
  ends.push(() => trio.cleanup())
  await trio.servers[0]?.kill()
  const node = serve('--bus', trio.url)
  await node.says('waiting for the bus')
  await trio.servers[0]?.restart()
  await node.says('is ready')
})

it('a node ends at once with code 1 when its password is refused', async () => {
  const redis = await RedisServer.start({ password: 'right' })
  ends.push(() => redis.cleanup())
  const args = ['serve', '--port', '0', '--bus', `redis://:wrong@127.0.0.1:${redis.port}`]
  expect(await runOyez(args)).toEqual({
    code: 1,
    stdout: '',
    stderr: `oyez: Redis at 127.0.0.1:${redis.port} refuses the user name or password\n`,
  })
})

it('a node ends with code 1 and the reason when the time is over', async () => {
  const port = await freePort()
  const args = ['serve', '--port', '0', '--bus', `redis://127.0.0.1:${port}`, '--wait-for-bus', '700ms']
  const { code, stderr } = await runOyez(args)
  expect(code).toBe(1)
  expect(stderr).toMatch(/oyez: Redis at 127\.0\.0\.1:\d+ cannot be reached: connection refused[^\n]*\n$/)
})

it('SIGTERM ends a node that waits, with code 0', async () => {
  const node = serve('--bus', `redis://127.0.0.1:${await freePort()}`)
  await node.says('waiting for the bus')
  node.end()
  expect(await node.exit).toBe(0)
})
