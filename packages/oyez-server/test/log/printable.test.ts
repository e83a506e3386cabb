import { expect, it } from 'vitest'
import { printable, withoutPassword } from '../../src/log/printable.ts'

it('control characters, line breaks and escape sequences become harmless text', () => {
  expect(printable('a\nb\u001b[31mc\u0007\u2028\u202e')).toBe('a\\u000ab\\u001b[31mc\\u0007\\u2028\\u202e')
})

it('long text is cut', () => {
  expect(printable('x'.repeat(1_000))).toHaveLength(201)
})

it('the letters of every language stay', () => {
  expect(printable('Zoë 東京 🎺')).toBe('Zoë 東京 🎺')
})

it('a URL loses its password', () => {
  expect(withoutPassword('redis://user:secret@host:6379/1')).toBe('redis://***@host:6379/1')
  expect(withoutPassword('redis://host:6379')).toBe('redis://host:6379')
})

it('no password of several URLs, of sentinels or of a cluster is shown', () => {
  const bus =
    'redis://u:s3cret@a:1, redis+sentinel://:s3cret@s1:1,s2:2/town?sentinelPassword=s3cret redis+cluster://c:1'
  expect(withoutPassword(bus)).toBe(
    'redis://***@a:1, redis+sentinel://***@s1:1,s2:2/town?sentinelPassword=*** redis+cluster://c:1',
  )
  expect(withoutPassword('redis://u:a@b@host')).toBe('redis://***@host')
})
