import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { RawClient } from '../wire/raw-client.ts'

const PROGRAM = fileURLToPath(new URL('program/one-shot.mjs', import.meta.url))

test('after close the process ends by itself, with code 0', async () => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const exit = once(child, 'exit')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const { value: port } = (await lines.next()) as { value: string }
    const client = await RawClient.open(`ws://127.0.0.1:${port}/connection/websocket`)
    client.send({ id: 1, connect: {} })
    expect(await client.closed).toEqual({ code: 3001, reason: 'shutdown' })
    expect((await lines.next()).value).toBe('closed')
    expect(await exit).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
  }
})
