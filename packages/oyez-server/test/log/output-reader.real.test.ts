import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { freePort } from '../fixture/free-port.ts'
import { runOyez, spawnOyez } from '../fixture/oyez-cli.ts'
import { OyezNode } from '../fixture/oyez-node.ts'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const children: ChildProcess[] = []
const nodes: OyezNode[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(nodes.splice(0).map((node) => node.kill()))
})

/** Resolves when a client has come and left, which a server with `--dev` writes into its log. */
async function visit(url: string): Promise<void> {
  const socket = new WebSocket(url)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const answered = new Promise((resolve) => socket.once('message', resolve))
  socket.send('{"id":1,"connect":{}}')
  await answered
  socket.close()
  await new Promise((resolve) => socket.once('close', resolve))
}

/** What ends with the child, however it ends. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve))
}

describe('oyez serve runs on when the reader of its output goes away', () => {
  for (const log of ['human', 'json'] as const) {
    for (const workers of [1, 2]) {
      it(`--log ${log}, ${workers} process(es): clients are served, and SIGTERM still ends it with code 0`, async () => {
        const port = await freePort()
        const args = ['serve', '--dev', '--port', String(port), '--workers', String(workers), '--log', log]
        const child = spawnOyez([...args, '--drain', '50ms'])
        children.push(child)
        const ended = exitOf(child)
        await new Promise((resolve) => child.stdout?.once('data', resolve))
        child.stdout?.destroy()
        child.stderr?.destroy()
        // Several lines for each process: the first write to a closed pipe fails later than the second.
        for (let round = 0; round < 10; round += 1) await visit(`ws://127.0.0.1:${port}/connection/websocket`)
        expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200)
        expect(child.exitCode).toBe(null)
        child.kill('SIGTERM')
        expect(await ended).toBe(0)
      })
    }

    it(`--log ${log}: a full disk behind the log ends nothing either`, async () => {
      const port = await freePort()
      const full = openSync('/dev/full', 'w')
      const child = spawn(process.execPath, [CLI, 'serve', '--dev', '--port', String(port), '--log', log], {
        stdio: ['ignore', full, full],
      })
      closeSync(full)
      children.push(child)
      await untilReady(port, child)
      for (let round = 0; round < 5; round += 1) await visit(`ws://127.0.0.1:${port}/connection/websocket`)
      expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200)
      expect(child.exitCode).toBe(null)
    })
  }
})

/** Its output cannot be read, so that readiness is asked for. */
async function untilReady(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const status = await fetch(`http://127.0.0.1:${port}/ready`).then(
      (response) => response.status,
      () => 0,
    )
    if (status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the server ended with code ${child.exitCode}`)
}

describe('a one-shot command ends without a word when the reader of its output goes away', () => {
  it('oyez tail ends with code 0', async () => {
    const node = await OyezNode.start({})
    nodes.push(node)
    const child = spawnOyez(['tail', 'room:1', '--url', node.url, '--history', '10'])
    children.push(child)
    const ended = exitOf(child)
    let errors = ''
    child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    await node.api('publish', { channel: 'room:1', data: 1 })
    await new Promise((resolve) => child.stdout?.once('data', resolve))
    child.stdout?.destroy()
    while (child.exitCode === null) {
      await node.api('publish', { channel: 'room:1', data: 2 })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(await ended).toBe(0)
    expect(errors).not.toMatch(/EPIPE|this should not have happened/)
  })

  for (const args of [['plan'], ['--help'], ['lb', 'nginx', '--node', '127.0.0.1:8001']]) {
    it(`oyez ${args.join(' ')} ends with code 0`, async () => {
      const child = spawnOyez(args)
      children.push(child)
      const ended = exitOf(child)
      let errors = ''
      child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
      child.stdout?.destroy()
      expect(await ended).toBe(0)
      expect(errors).toBe('')
    })
  }

  it('a mistake is still code 1 when nobody reads standard error', async () => {
    const child = spawnOyez(['serve', '--port', 'high'])
    children.push(child)
    child.stderr?.destroy()
    expect(await exitOf(child)).toBe(1)
    expect((await runOyez(['serve', '--port', 'high'])).code).toBe(1)
  })
})
