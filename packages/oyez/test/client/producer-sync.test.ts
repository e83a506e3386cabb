import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { publishAll, stored, UnreliableLog } from './unreliable-log.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('an idle publisher that is asked to finds what a failover lost, and puts it back once, in order', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 6)
  for (const lost of [0, 1, 3]) {
    log.failOver(lost)
    log.producer.sync()
    log.producer.sync()
    await log.run()
    expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5])
  }
  expect(log.reports).toEqual([])
  const next = log.producer.publish('c', 6)
  await log.run()
  expect(await next).toMatchObject({ offset: 7 })
})

test('an idle publisher that is asked to reports what cannot be put back', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 6)
  log.failOver(6)
  log.producer.sync()
  await log.run()
  expect(stored(log)).toEqual([])
  expect(log.reports.map(({ code }) => code)).toEqual(['uncertain'])
  const next = log.producer.publish('c', 6)
  await log.run()
  expect(await next).toMatchObject({ offset: 1 })
})

test('what was acknowledged too long ago is not sent again', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 2)
  vi.advanceTimersByTime(31_000)
  log.failOver(1)
  log.producer.sync()
  await log.run()
  expect(stored(log)).toEqual([0])
})

test('a client that comes back asks by itself, for the node it comes to does not know that it published', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 3)
  log.failOver(2)
  log.cut()
  await log.run()
  expect(stored(log)).toEqual([0, 1, 2])
  expect(log.reports).toEqual([])
})
