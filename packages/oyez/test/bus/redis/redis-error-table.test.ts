import { ClientOfflineError, SimpleError, SocketClosedUnexpectedlyError } from '@redis/client'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { BusError } from '../../../src/bus/bus-error.ts'
import { actionFor, ERROR_TABLE, errorWord, toBusError } from '../../../src/bus/redis/redis-error-table.ts'

it.each([
  ["OOM command not allowed when used memory > 'maxmemory'.", 'OOM'],
  ["OOM command not allowed when used memory > 'maxmemory'. script: abc, on @user_script:12.", 'OOM'],
  ['ERR Error running script (call to f_abc): @user_script:12: -OOM command not allowed', 'OOM'],
  ["-READONLY You can't write against a read only replica.", 'READONLY'],
  ["ERR The user executing the script can't run this command or subcommand script: abc", 'NOPERM'],
  // Literal answers of Redis 7.0, 7.2, 7.4 and 8 and of Valkey 8 and 9.
  ["ERR The user executing the script can't access at least one of the keys mentioned in the command", 'NOPERM'],
  [
    "ERR ACL failure in script: User app has no permissions to run the 'hset' command script: on @user_script:1.",
    'NOPERM',
  ],
  ['ERR ACL failure in script: No permissions to access a key script: on @user_script:1.', 'NOPERM'],
  ['ERR ACL failure in script: No permissions to access a channel script: on @user_script:1.', 'NOPERM'],
  ['NOPERM No permissions to access a key', 'NOPERM'],
  ['ERR max number of clients reached', 'MAXCLIENTS'],
  ['ERR max number of clients + cluster connections reached', 'MAXCLIENTS'],
  ['ERR value is not an integer', 'ERR'],
])('%s has the word %s', (message, word) => {
  expect(errorWord(new SimpleError(message))).toBe(word)
})

it('what passes by itself is unavailable, what somebody must change is refused', () => {
  const codeOf = (message: string): string => toBusError(new SimpleError(message), 'write', 'h:1').code
  for (const word of ['BUSY', 'LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN']) {
    expect(codeOf(`${word} x`), word).toBe('unavailable')
  }
  for (const word of ['OOM', 'NOREPLICAS', 'MISCONF', 'WRONGTYPE', 'NOPERM', 'NOAUTH', 'WRONGPASS', 'MOVED', 'ERR']) {
    expect(codeOf(`${word} x`), word).toBe('refused')
  }
})

it('a write whose connection was lost is uncertain, a read is not, nor is a write that was never sent', () => {
  expect(toBusError(new SocketClosedUnexpectedlyError(), 'write', 'h:1').code).toBe('uncertain')
  expect(toBusError(new SocketClosedUnexpectedlyError(), 'read', 'h:1').code).toBe('unavailable')
  expect(toBusError(new ClientOfflineError(), 'write', 'h:1').code).toBe('unavailable')
})

it.each([
  [new SimpleError('WRONGPASS invalid username-password pair or user is disabled.'), 'WRONGPASS'],
  [new SimpleError('ERR max number of clients reached'), 'max number of clients'],
  [Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:6379'), { code: 'ECONNREFUSED' }), 'connection refused'],
  [Object.assign(new Error('getaddrinfo ENOTFOUND redis.internal'), { code: 'ENOTFOUND' }), 'no such host'],
  [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'certificate'],
  [new SocketClosedUnexpectedlyError(), 'connection closed'],
  [new Error('no answer within 4000 ms'), 'no answer'],
  [new Error('something at redis.internal'), undefined],
])('the reason of "%s" is a word that names no host', (error, reason) => {
  expect(toBusError(error, 'read', 'redis.internal:6379').reason).toBe(reason)
})

it('a message is one line, names the server and keeps its cause', () => {
  const cause = new SimpleError('ERR strange\r\nthings')
  const error = toBusError(cause, 'read', '10.0.0.1:6379')
  expect(error.message).toBe('Redis at 10.0.0.1:6379 answered with an error: ERR strange')
  expect(error.cause).toBe(cause)
})

it("an error that is already the bus's own stays as it is", () => {
  const error = new BusError('closed', 'x')
  expect(toBusError(error, 'write', 'h:1')).toBe(error)
})

it('BUS.md has the same table', () => {
  const page = readFileSync(new URL('../../../../../BUS.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| ([A-Z]+) +\| ([\w-]+) +\| `(\w+)` +\|$/gm)].map(([, ...row]) => row)
  expect(rows).toEqual(Object.entries(ERROR_TABLE).map(([word, { action, code }]) => [word, action, code]))
})

it('what is to be done about an error can be read from the bus error too', () => {
  const moved = toBusError(new SimpleError('MOVED 1 h:1'), 'write', 'h:1')
  expect(actionFor(moved)).toBe('redirect')
  expect(actionFor(new SimpleError('READONLY x'))).toBe('re-resolve')
  expect(actionFor(new SimpleError('ERR strange'))).toBe('reject')
  expect(actionFor(new Error('LOADING'))).toBeUndefined()
})
