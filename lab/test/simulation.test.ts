import { expect, test } from 'vitest'
import { FakeClock } from '../simulation/fake-clock.ts'

test('events happen in the order of their times, those of one time in the order in which they were made', async () => {
  const clock = new FakeClock()
  const happened: string[] = []
  const start = clock.now
  for (const [name, delay] of [
    ['c', 20],
    ['a', 10],
    ['d', 20],
    ['b', 10],
    ['late', 31],
  ] as const) {
    clock.after(delay, () => happened.push(`${name}${clock.now - start}`))
  }
  await clock.run(30)
  expect(happened).toEqual(['a10', 'b10', 'c20', 'd20'])
  expect(clock.now - start).toBe(30)
})

test('promises settle between two events', async () => {
  const clock = new FakeClock()
  const happened: string[] = []
  clock.after(1, () => {
    void Promise.resolve()
      .then(() => undefined)
      .then(() => happened.push('settled'))
  })
  clock.after(1, () => happened.push('next event'))
  await clock.run(1)
  expect(happened).toEqual(['settled', 'next event'])
})

test('thousands of events come out sorted', async () => {
  const clock = new FakeClock()
  const times: number[] = []
  for (let n = 0; n < 3_000; n++) clock.after((n * 7_919) % 1_009, () => times.push(clock.now))
  await clock.run(2_000)
  expect(times).toHaveLength(3_000)
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('a timer that is cleared is not counted and does not happen', async () => {
  const clock = new FakeClock()
  const event = clock.addTimer(5, () => {
    throw new Error('it happened')
  })
  expect(clock.timers).toBe(1)
  clock.cancel(event)
  clock.cancel(event)
  expect(clock.timers).toBe(0)
  await clock.run(10)
})
