import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ClientError } from '../../src/client/client-error.ts'
import { RequestTable } from '../../src/client/request-table.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('answers find their requests in any order, and once', () => {
  const table = new RequestTable<string>()
  const heard: unknown[] = []
  const first = table.add(1_000, (outcome) => heard.push('first', outcome))
  const second = table.add(1_000, (outcome) => heard.push('second', outcome))
  table.settle(second, 'b')
  table.settle(first, 'a')
  table.settle(first, 'again')
  table.settle(99, 'nobody')
  expect(heard).toEqual(['second', 'b', 'first', 'a'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a request without an answer ends with a timeout', () => {
  const table = new RequestTable<string>()
  const heard: unknown[] = []
  const id = table.add(1_000, (outcome) => heard.push((outcome as ClientError).code))
  vi.advanceTimersByTime(1_000)
  table.settle(id, 'too late')
  expect(heard).toEqual(['timeout'])
})

test('all are told of a lost connection, in the order they came', () => {
  const table = new RequestTable<string>()
  const heard: unknown[] = []
  const lost = new ClientError('connection-lost', 'gone')
  for (const name of ['a', 'b', 'c']) table.add(1_000, (outcome) => heard.push(name, outcome))
  table.settleAll(lost)
  expect(heard).toEqual(['a', lost, 'b', lost, 'c', lost])
  expect(vi.getTimerCount()).toBe(0)
})
