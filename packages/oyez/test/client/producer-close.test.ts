import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ClientError } from '../../src/client/client-error.ts'
import { publishAll, stored, UnreliableLog } from './unreliable-log.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('a refusal of what may be stored already: the log closes the id and says', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 2)
  log.fates = ['ok', 'answer-lost', 'refused', 'ok', 'ok', 'lost']
  const outcomes = [2, 3, 4, 5].map((n) =>
    log.producer.publish('c', n).then(
      (position) => position?.offset,
      (error: ClientError) => error.code,
    ),
  )
  await log.run()
  expect(await Promise.all(outcomes)).toEqual([3, undefined, 5, 6])
  expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5])
  log.fates = ['lost', 'refused', 'answer-lost', 'busy']
  const last = [6, 7].map((n) =>
    log.producer.publish('c', n).then(
      (position) => position?.offset,
      (error: ClientError) => error.code,
    ),
  )
  await log.run()
  expect(await Promise.all(last)).toEqual(['refused', 7])
  expect(stored(log)).toEqual([0, 1, 2, 3, 4, 5, 7])
  // One for each refusal, and no more.
  expect(new Set(log.records.map(({ id }) => id)).size).toBe(2)
  expect(log.reports).toEqual([])
})

test('what an earlier history may hold is not sent under a new id, though the present one does not hold it', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 2)
  // Both are stored and not acknowledged, then lost; the first is refused when it is sent again.
  log.fates = ['uncertain-stored', 'uncertain-stored', 'failover', 'refused', 'busy']
  const outcomes = [2, 3].map((n) => log.producer.publish('c', n).catch((error: ClientError) => error.code))
  await log.run()
  expect(await Promise.all(outcomes)).toEqual(['uncertain', 'uncertain'])
  log.fates = ['resurrect']
  log.producer.sync()
  const next = log.producer.publish('c', 4)
  await log.run()
  await next
  expect(stored(log)).toEqual([0, 1, 2, 3, 4])
})

test('where the log does not say, what may be stored is uncertain', async () => {
  const log = new UnreliableLog()
  await publishAll(log, 1)
  log.fates = ['lost', 'refused', 'ok', 'refused']
  const outcomes = [1, 2].map((n) => log.producer.publish('c', n).catch((error: ClientError) => error.code))
  await log.run()
  expect((await Promise.all(outcomes))[0]).toBe('uncertain')
  expect(stored(log)).not.toContain(1)
})
