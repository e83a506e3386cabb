import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./program/frozen.mjs', import.meta.url))

interface Report {
  readonly append: { readonly code: string; readonly afterMs: number }
  readonly later: { readonly code: string }
  readonly states: string[]
  readonly heard: number[]
}

describe('a primary that stands still', () => {
  it('is down within 5 s, leaves appends uncertain, and everything goes on when it does', async () => {
    const primary = fork(PROGRAM, { execArgv: [] })
    try {
      const [message] = (await once(primary, 'message')) as [Report]
      expect(message.append.code).toBe('uncertain')
      expect(message.append.afterMs).toBeLessThan(5_000)
      expect(message.later.code).toBe('unavailable')
      expect(message.states).toEqual(['up', 'down', 'up', 'gap'])
      expect(message.heard).toEqual([1, 2, 3])
    } finally {
      primary.kill('SIGKILL')
    }
  })
})
