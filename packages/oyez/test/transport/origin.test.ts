import { expect, test } from 'vitest'
import { isOriginAllowed, type OriginPolicy } from '../../src/transport/origin.ts'

const LIST = ['https://example.com', 'http://localhost:5173'] as const

const table: readonly (readonly [string | undefined, string | undefined, OriginPolicy, boolean])[] = [
  // No web page: browsers always send an origin.
  [undefined, 'example.com', 'same-host', true],
  [undefined, 'example.com', LIST, true],
  [undefined, undefined, 'same-host', true],
  [undefined, undefined, [], true],
  // The same host.
  ['https://example.com', 'example.com', 'same-host', true],
  ['http://example.com', 'example.com', 'same-host', true],
  ['https://example.com', 'EXAMPLE.com', 'same-host', true],
  ['http://example.com:8080', 'example.com:8080', 'same-host', true],
  ['http://[::1]:8080', '[::1]:8080', 'same-host', true],
  ['http://127.0.0.1:80', '127.0.0.1:80', 'same-host', true],
  // Another host, or only something that looks like it.
  ['https://evil.com', 'example.com', 'same-host', false],
  ['https://example.com.evil.com', 'example.com', 'same-host', false],
  ['https://evilexample.com', 'example.com', 'same-host', false],
  ['https://sub.example.com', 'example.com', 'same-host', false],
  ['https://example.com@evil.com', 'example.com', 'same-host', false],
  ['https://evil.com#example.com', 'example.com', 'same-host', false],
  ['https://evil.com/example.com', 'example.com', 'same-host', false],
  ['https://evil.com?example.com', 'example.com', 'same-host', false],
  ['https://example.com/', 'example.com', 'same-host', false],
  ['https://example.com/path', 'example.com', 'same-host', false],
  ['https://example.com.', 'example.com', 'same-host', false],
  ['https://example.com:444', 'example.com', 'same-host', false],
  ['https://example.com', 'example.com:444', 'same-host', false],
  ['http://example.com:8080', 'example.com:8081', 'same-host', false],
  ['ftp://example.com', 'example.com', 'same-host', false],
  ['file://example.com', 'example.com', 'same-host', false],
  ['ws://example.com', 'example.com', 'same-host', false],
  ['example.com', 'example.com', 'same-host', false],
  ['//example.com', 'example.com', 'same-host', false],
  ['null', 'example.com', 'same-host', false],
  ['null', 'null', 'same-host', false],
  ['', 'example.com', 'same-host', false],
  ['https://', '', 'same-host', false],
  ['http://', '', 'same-host', false],
  ['https://example.com', undefined, 'same-host', false],
  [' https://example.com', 'example.com', 'same-host', false],
  ['https://example.com ', 'example.com', 'same-host', false],
  ['https://example.com, https://evil.com', 'example.com', 'same-host', false],
  ['https://xn--exmple-cua.com', 'exämple.com', 'same-host', false],
  ['https://example.com\u0000.evil.com', 'example.com', 'same-host', false],
  // A list: exactly these.
  ['https://example.com', 'anything', LIST, true],
  ['http://localhost:5173', 'localhost:3000', LIST, true],
  ['http://example.com', 'example.com', LIST, false],
  // The same origin in another spelling.
  ['https://example.com:443', 'example.com', LIST, true],
  ['https://EXAMPLE.com', 'example.com', LIST, true],
  ['https://example.com', 'anything', ['https://Example.com:443'], true],
  ['https://example.com', 'example.com:443', 'same-host', true],
  ['https://example.com:443', 'example.com', 'same-host', true],
  ['http://example.com', 'example.com:80', 'same-host', true],
  ['http://[::1]', '[::1]:80', 'same-host', true],
  ['https://example.com.', 'example.com.', 'same-host', true],
  // The default port of another scheme is another port.
  ['https://example.com', 'example.com:80', 'same-host', false],
  ['http://example.com', 'example.com:443', 'same-host', false],
  ['https://example.com', 'anything', ['https://example.com:80'], false],
  ['https://example.com', 'anything', ['https://example.com/'], false],
  ['https://example.com', 'user@example.com', 'same-host', false],
  ['https://example.com', 'example.com:', 'same-host', false],
  ['https://example.com', 'example.com:443, evil.com', 'same-host', false],
  // What a function decides.
  ['https://a.example', 'b.example', (origin, host) => origin === 'https://a.example' && host === 'b.example', true],
  ['https://c.example', 'b.example', () => false, false],
  ['https://example.com.evil.com', 'example.com', LIST, false],
  ['http://localhost:51730', 'localhost', LIST, false],
  ['http://localhost', 'localhost', LIST, false],
  ['null', 'example.com', LIST, false],
  ['https://example.com', 'example.com', [], false],
  ['*', 'example.com', LIST, false],
  ['https://evil.com', 'example.com', ['*'], false],
  // Any.
  ['https://evil.com', 'example.com', 'any', true],
  ['null', 'example.com', 'any', true],
]

for (const [origin, host, policy, allowed] of table) {
  test(`${JSON.stringify(origin)} at ${JSON.stringify(host)} with ${typeof policy === 'function' ? 'a function' : JSON.stringify(policy)} is ${allowed ? 'let in' : 'refused'}`, () => {
    expect(isOriginAllowed(origin, host, policy)).toBe(allowed)
  })
}
