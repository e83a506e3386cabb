import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Beating, Heartbeat } from '../../src/hub/heartbeat.ts'

class Beat implements Beating {
  isAwaitingPong = false
  readonly pings: number[] = []
  readonly timeouts: number[] = []
  answers = true

  sendPing(): void {
    this.pings.push(Date.now() - start)
    this.isAwaitingPong = !this.answers
  }

  onPongTimeout(): void {
    this.timeouts.push(Date.now() - start)
    this.isAwaitingPong = false
  }
}

let start = 0
let heartbeat: Heartbeat | undefined

beforeEach(() => {
  vi.useFakeTimers()
  start = Date.now()
})

afterEach(() => {
  heartbeat?.close()
  vi.useRealTimers()
})

function make(pingMs: number, pongMs: number): Heartbeat {
  heartbeat = new Heartbeat(pingMs, pongMs, () => undefined)
  return heartbeat
}

test('the first ping comes in the second half of the interval, the others an interval apart', () => {
  const wheel = make(25_000, 10_000)
  const beats = Array.from({ length: 200 }, () => new Beat())
  for (const beat of beats) wheel.add(beat)
  vi.advanceTimersByTime(100_000)
  for (const { pings } of beats) {
    expect(pings[0]).toBeGreaterThanOrEqual(12_500)
    expect(pings[0]).toBeLessThanOrEqual(25_000)
    for (let n = 1; n < pings.length; n++) expect((pings[n] ?? 0) - (pings[n - 1] ?? 0)).toBe(25_000)
    expect(pings.length).toBeGreaterThanOrEqual(4 - 1)
  }
  // Spread, not all in one slot.
  expect(new Set(beats.map(({ pings }) => pings[0])).size).toBeGreaterThan(20)
})

test('a pong that does not come is noticed after the pong time', () => {
  const wheel = make(25_000, 10_000)
  const beat = new Beat()
  beat.answers = false
  wheel.add(beat)
  vi.advanceTimersByTime(36_000)
  expect(beat.timeouts).toEqual([(beat.pings[0] ?? 0) + 10_000])
})

test('a pong time longer than the interval still ends before the next ping', () => {
  const wheel = make(1_000, 60_000)
  const beat = new Beat()
  beat.answers = false
  wheel.add(beat)
  vi.advanceTimersByTime(5_000)
  expect(beat.timeouts.length).toBeGreaterThan(0)
})

test('whoever was removed is not pinged any more', () => {
  const wheel = make(1_000, 500)
  const beat = new Beat()
  wheel.add(beat)
  wheel.remove(beat)
  wheel.remove(beat)
  vi.advanceTimersByTime(10_000)
  expect(beat.pings).toEqual([])
})

test('one timer serves all, and none is left after close', () => {
  const wheel = make(25_000, 10_000)
  for (let n = 0; n < 1_000; n++) wheel.add(new Beat())
  expect(vi.getTimerCount()).toBe(1)
  wheel.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('intervals down to a few milliseconds work', () => {
  for (const ms of [1, 2, 3, 5, 10, 249, 251]) {
    const wheel = make(ms, 1)
    const beat = new Beat()
    wheel.add(beat)
    vi.advanceTimersByTime(ms * 10 + 100)
    expect(beat.pings.length).toBeGreaterThan(2)
    wheel.close()
  }
})
