import { describe, expect, it } from 'vitest'
import { durableProblem } from '../../../src/bus/redis/durability.ts'

const ON = 'aof_enabled:1\r\n'
const redis = (version: string): string => `redis_version:${version}\r\n`
const valkey = (version: string): string => `redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:${version}\r\n`

describe('the acknowledgement durable', () => {
  it.each([
    [redis('7.2.0'), 'everysec'],
    [redis('7.2.7'), undefined],
    [redis('8.0.0'), 'everysec'],
    [redis('8.2.1'), undefined],
    [redis('7.4.1'), 'always'],
    [valkey('7.2.9'), 'everysec'],
    [valkey('8.1.3'), 'always'],
    [valkey('9.1.2'), 'always'],
  ])('can be had of %j with appendfsync %s', (server, appendfsync) => {
    expect(durableProblem({ server, persistence: ON, appendfsync, mayWait: true })).toBeUndefined()
  })

  it.each([
    [redis('6.2.14'), ON, 'always', true, 'came with 7.2'],
    [redis('7.0.15'), ON, 'always', true, 'came with 7.2'],
    [redis('7.4.0'), ON, 'everysec', true, 'appendfsync always'],
    [redis('7.4.5'), ON, 'everysec', true, 'appendfsync always'],
    [redis('7.4.0'), ON, undefined, true, '+config|get'],
    [valkey('8.0.0'), ON, 'everysec', true, 'is Valkey 8.0.0, whose WAITAOF answers before'],
    [valkey('9.1.2'), ON, 'everysec', true, 'is Valkey 9.1.2, whose WAITAOF answers before'],
    [valkey('9.1.2'), ON, undefined, true, '+config|get'],
    ['', ON, 'everysec', true, 'of unknown version'],
    [redis('8.0.0'), ON, 'no', true, 'never syncs'],
    [redis('8.0.0'), 'aof_enabled:0\r\n', 'always', true, 'appendonly yes'],
    [redis('8.0.0'), ON, 'always', false, '+waitaof'],
  ])('is refused of %j with %j, appendfsync %s and WAITAOF allowed: %s', (...row) => {
    const [server, persistence, appendfsync, mayWait, text] = row
    expect(durableProblem({ server, persistence, appendfsync, mayWait })).toContain(text)
  })
})
