import { describe, expect, test } from 'vitest'
import { type Recovery, RecoveryCount } from '../src/recovery-count.ts'

function counter(): { count: RecoveryCount; told: Recovery[]; clock: { now: number } } {
  const told: Recovery[] = []
  const clock = { now: 0 }
  const count = new RecoveryCount(
    2,
    (recovery) => told.push(recovery),
    () => clock.now,
  )
  return { count, told, clock }
}

describe('the count of what a reconnect brought back', () => {
  test('tells nothing about the first connect', async () => {
    const { count, told } = counter()
    count.connected()
    count.confirmed()
    count.publication()
    count.confirmed()
    await Promise.resolve()
    expect(told).toEqual([])
  })

  test('counts what comes in one go with the confirmations and not what comes live', async () => {
    const { count, told, clock } = counter()
    count.lost()
    clock.now = 400
    count.connected()
    count.publication()
    await Promise.resolve()
    count.confirmed()
    count.publication()
    count.publication()
    await Promise.resolve()
    count.publication()
    expect(told).toEqual([])
    count.confirmed()
    await Promise.resolve()
    expect(told).toEqual([{ awayMs: 400, messages: 3, breaks: 0 }])
  })

  test('measures from the first loss when several attempts fail', async () => {
    const { count, told, clock } = counter()
    count.lost()
    clock.now = 1_000
    count.lost()
    clock.now = 1_500
    count.connected()
    count.confirmed()
    count.confirmed()
    await Promise.resolve()
    expect(told).toEqual([{ awayMs: 1_500, messages: 0, breaks: 0 }])
  })

  test('names the breaks', async () => {
    const { count, told } = counter()
    count.lost()
    count.connected()
    count.confirmed()
    count.broken()
    count.confirmed()
    await Promise.resolve()
    expect(told).toEqual([{ awayMs: 0, messages: 0, breaks: 1 }])
  })
})
