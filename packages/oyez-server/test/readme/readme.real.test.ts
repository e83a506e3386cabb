import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisServer } from '../../../oyez/test/fixture/redis-server.ts'
import { freePort, waitFor } from '../fixture/free-port.ts'
import { OyezNode } from '../fixture/oyez-node.ts'
import { shellLines, snippet } from './snippet.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

describe('the examples of the README', () => {
  let directory: string
  let redis: RedisServer
  const children: ChildProcess[] = []

  beforeAll(async () => {
    redis = await RedisServer.start()
    // Inside the workspace, so that the packages are found as they are by a user who has installed them.
    directory = await mkdtemp(join(ROOT, 'packages/oyez-server/test/readme/.run-'))
  })

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
    await redis.cleanup()
  })

  async function start(name: string, env: Record<string, string>): Promise<{ output: () => string }> {
    // The examples have no types of their own in them: they run as they stand.
    const file = join(directory, `${name}-${children.length}.mjs`)
    await writeFile(file, snippet(name))
    const child = spawn(process.execPath, [file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    return { output: () => output }
  }

  it('the server and the client work together, over two servers', async () => {
    const ports = [await freePort(), await freePort()]
    const env = { REDIS_URL: redis.url }
    const first = await start('server.ts', { ...env, PORT: String(ports[0]) })
    await waitFor(async () => (await fetch(`http://127.0.0.1:${ports[0]}/`).catch(() => undefined))?.ok === true)
    const client = await start('client.ts', { OYEZ_URL: `ws://127.0.0.1:${ports[0]}/connection/websocket` })
    await waitFor(() => client.output().includes("{ from: 'bob', text: 'hello' }"))
    // The second server says at its start what the example says, to Bob and to the room: both are on the first.
    const second = await start('server.ts', { ...env, PORT: String(ports[1]) })
    await waitFor(
      () =>
        client.output().includes("for me: { text: 'hear ye' }") &&
        client.output().includes("{ from: 'the crier', text: 'hi' }"),
    )
    expect(first.output() + second.output()).toBe('')
    expect(client.output()).not.toContain('missing')
  })

  it('the contract is checked by the compiler', async () => {
    await writeFile(join(directory, 'contract.ts'), snippet('contract.ts'))
    const options = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      'node',
      '--skipLibCheck',
      '--ignoreConfig',
    ]
    const { stdout } = await run(join(ROOT, 'node_modules/.bin/tsc'), [...options, join(directory, 'contract.ts')], {
      cwd: ROOT,
    })
    expect(stdout).toBe('')
  })

  it('every command line is understood', async () => {
    const lines = shellLines('npx oyez')
    expect(lines.length).toBeGreaterThanOrEqual(5)
    const node = await OyezNode.start({ port: 0 })
    try {
      for (const line of lines) {
        if (line.includes(' serve ') || line.includes(' tail ')) {
          // These go on for ever: that their flags exist is shown by the help, that they work by tests of their own.
          const [, , command = '', ...rest] = line.split(' ').filter((word) => word !== '')
          const { stdout } = await run('npx', ['oyez', command, '--help'], { cwd: ROOT })
          for (const flag of rest.filter((word) => word.startsWith('--'))) expect(stdout).toContain(flag)
        } else if (line.includes(' send ')) {
          const { stdout } = await run('sh', ['-c', `${line} --url ${node.url}`], { cwd: ROOT })
          expect(stdout).not.toBe('')
        } else {
          const { stdout } = await run('sh', ['-c', line], { cwd: ROOT })
          expect(stdout).toContain(line.includes(' lb ') ? '10.0.0.12:8001' : 'Nodes')
        }
      }
    } finally {
      await node.kill()
    }
  })
})
