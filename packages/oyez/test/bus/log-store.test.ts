import { describe, expect, it } from 'vitest'
import { LogStore } from '../../src/bus/log-store.ts'

const retention = { size: 10, ttlMs: 1_000, metaTtlMs: 5_000 }
const record = Uint8Array.of(1)

describe('a store of logs', () => {
  it('frees the logs whose identity may be forgotten, in rounds of bounded length', () => {
    let now = 0
    const store = new LogStore({ now: () => now })
    for (let n = 0; n < 10; n++) store.append({ channel: `c${n}`, record, retention })
    now = 4_000
    store.append({ channel: 'c5', record, retention })
    now = 5_000
    store.sweep(4)
    expect(store.size).toBe(6)
    store.sweep(100)
    expect(store.size).toBe(1)
    expect(store.heads(['c5', 'c6'])).toMatchObject([{ offset: 2 }, undefined])
  })

  it('does not know a log whose time is over, swept or not', () => {
    let now = 0
    const store = new LogStore({ now: () => now })
    const first = store.append({ channel: 'c', record, retention })
    now = 5_000
    expect(store.heads(['c'])).toEqual([undefined])
    const again = store.append({ channel: 'c', record, retention })
    expect(again).toMatchObject({ kind: 'appended', position: { offset: 1 } })
    expect(again).not.toEqual(first)
  })

  it('gives a log that a read began its time, from the read on', () => {
    let now = 0
    const store = new LogStore({ now: () => now })
    const { head } = store.read({ channel: 'c', limit: 0, retention, mint: true })
    now = 4_999
    expect(store.read({ channel: 'c', limit: 0, retention }).head).toEqual(head)
    now = 5_000
    expect(store.heads(['c'])).toEqual([undefined])
  })

  it('holds no more logs than it may, and spares the ones in use', () => {
    const store = new LogStore({ maxLogs: 3, now: () => 0 })
    for (const channel of ['a', 'b', 'c']) store.append({ channel, record, retention })
    store.append({ channel: 'a', record, retention })
    store.append({ channel: 'd', record, retention })
    expect(store.size).toBe(3)
    expect(store.heads(['a', 'b', 'c', 'd'])).toMatchObject([{ offset: 2 }, undefined, { offset: 1 }, { offset: 1 }])
  })

  it('tells a subscriber of a log that was pushed out that a new one has begun', () => {
    const store = new LogStore({ maxLogs: 1, now: () => 0 })
    const { head } = store.read({ channel: 'a', limit: 0, retention, mint: true })
    store.append({ channel: 'a', record, retention })
    store.append({ channel: 'b', record, retention })
    expect(store.read({ channel: 'a', after: head, limit: 9, retention })).toMatchObject({ reason: 'new-log' })
  })

  it('forgets names that nobody published to within minutes, however many there are', () => {
    let now = 0
    const store = new LogStore({ now: () => now, maxEmptyLogs: 100 })
    const long = { ...retention, metaTtlMs: 1e9 }
    for (let n = 0; n < 1_000; n++) store.read({ channel: `c${n}`, limit: 0, retention: long, mint: true })
    for (let n = 0; n < 1_000; n++) store.closeProducer(`p${n}`, 'somebody')
    for (let n = 0; n < 1_000; n++) store.read({ channel: `h${n}`, limit: 0, retention: long })
    expect(store.size).toBe(100)
    now = 180_000
    store.sweep(10_000)
    expect(store.size).toBe(0)
  })

  it('lets invented names push out no log that has records, and no empty one that is still asked for', () => {
    let now = 0
    const store = new LogStore({ now: () => now, maxLogs: 10, maxEmptyLogs: 10 })
    store.append({ channel: 'real', record, retention: { ...retention, metaTtlMs: 1e9 } })
    const long = { ...retention, metaTtlMs: 1e9 }
    const { head } = store.read({ channel: 'quiet', limit: 0, retention: long, mint: true })
    now = 100_000
    for (let n = 0; n < 9; n++) store.read({ channel: `a${n}`, limit: 0, retention: long, mint: true })
    expect(store.heads(['quiet'])).toEqual([head])
    for (let n = 0; n < 9; n++) store.read({ channel: `b${n}`, limit: 0, retention: long, mint: true })
    expect(store.heads(['quiet', 'real'])).toMatchObject([head, { offset: 1 }])
  })
})
