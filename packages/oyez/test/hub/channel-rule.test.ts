import { expect, test } from 'vitest'
import { ChannelRules } from '../../src/hub/channel-rule.ts'

test('without options every channel has the documented defaults', () => {
  const rule = new ChannelRules().of('room:1')
  expect(rule).toMatchObject({
    logged: true,
    historySize: 100,
    historyTtlMs: 300_000,
    publish: 'nobody',
    subscribe: 'anyone',
  })
  expect(rule.retention).toEqual({ size: 100, ttlMs: 300_000, metaTtlMs: 7 * 24 * 3_600_000 })
})

test('a namespace takes what it leaves out from the defaults, not from the built-in ones', () => {
  const rules = new ChannelRules({
    defaults: { historySize: 7, publish: 'anyone' },
    namespaces: {
      room: { historySize: undefined, historyTtlMs: 5 } as { historyTtlMs: number },
      typing: { logged: false },
    },
  })
  expect(rules.of('room:1')).toMatchObject({ historySize: 7, historyTtlMs: 5, publish: 'anyone' })
  expect(rules.of('room:a:b').historyTtlMs).toBe(5)
  expect(rules.of('typing:1').logged).toBe(false)
  expect(rules.of('room').historyTtlMs).toBe(300_000)
  expect(rules.of(':room').historyTtlMs).toBe(300_000)
  expect(rules.of('#room:1').historyTtlMs).toBe(300_000)
  expect(rules.of('__proto__:1').historyTtlMs).toBe(300_000)
})

test('personal channels take the defaults except publish, which only their own rule opens', () => {
  const defaults = { historySize: 7, publish: 'anyone' } as const
  expect(new ChannelRules({ defaults }).of('#bob')).toMatchObject({ historySize: 7, publish: 'nobody' })
  const rules = new ChannelRules({ defaults, personal: { publish: 'authenticated', historySize: undefined as never } })
  expect(rules.of('#bob')).toMatchObject({ historySize: 7, publish: 'authenticated' })
  expect(rules.of('#vip:bob').publish).toBe('authenticated')
})

test('a namespace that would hold personal or reserved channels is refused', () => {
  expect(() => new ChannelRules({ namespaces: { '#vip': { publish: 'anyone' } } })).toThrow('channels.personal')
  expect(() => new ChannelRules({ namespaces: { '@x': {} } })).toThrow('reserved')
})

test('a name is remembered for longer than its publications', () => {
  const week = 7 * 24 * 3_600_000
  const { retention } = new ChannelRules({ defaults: { historyTtlMs: week } }).of('a')
  expect(retention.metaTtlMs).toBe(2 * week)
})

test('a value out of range is an error that names it', () => {
  for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    expect(() => new ChannelRules({ defaults: { historySize: value } })).toThrow(
      `channels.defaults.historySize must be a whole number from 1, not ${value}`,
    )
    expect(() => new ChannelRules({ namespaces: { room: { historyTtlMs: value } } })).toThrow(
      'channels.namespaces.room.historyTtlMs',
    )
  }
  for (const name of ['', 'a:', 'a:b', ':']) {
    expect(() => new ChannelRules({ namespaces: { [name]: {} } })).toThrow(TypeError)
  }
})

test('an audience or a rule that does not exist is an error that names it', () => {
  const wrong = { publish: 'everyone' } as unknown as { publish: 'anyone' }
  expect(() => new ChannelRules({ defaults: wrong })).toThrow('channels.defaults.publish')
  const misspelt = { histroySize: 5 } as unknown as { historySize: number }
  expect(() => new ChannelRules({ namespaces: { room: misspelt } })).toThrow('channels.namespaces.room.histroySize')
})

test('a history time of more than ten years is an error that names it', () => {
  const tenYears = 10 * 365 * 24 * 3_600_000
  expect(new ChannelRules({ defaults: { historyTtlMs: tenYears } }).of('a').historyTtlMs).toBe(tenYears)
  expect(() => new ChannelRules({ personal: { historyTtlMs: tenYears + 1 } })).toThrow('channels.personal.historyTtlMs')
})
