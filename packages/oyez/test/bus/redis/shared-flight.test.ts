import { expect, test } from 'vitest'
import { SharedFlight } from '../../../src/bus/redis/shared-flight.ts'

/** A question whose answers the test gives, one after the other. */
function question(): { flight: SharedFlight<number>; asked: ((answer: number | Error) => void)[] } {
  const asked: ((answer: number | Error) => void)[] = []
  const flight = new SharedFlight(
    () =>
      new Promise<number>((resolve, reject) => {
        asked.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
      }),
  )
  return { flight, asked }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

test('a thousand who come during a flight share the next one, and none of them the running one', async () => {
  const { flight, asked } = question()
  const first = flight.join()
  const later = Array.from({ length: 1_000 }, () => flight.join())
  expect(asked).toHaveLength(1)
  asked[0]?.(1)
  expect(await first).toBe(1)
  await settled()
  expect(asked).toHaveLength(2)
  asked[1]?.(2)
  expect(new Set(await Promise.all(later))).toEqual(new Set([2]))
})

test('who comes when nothing is asked starts a flight of their own', async () => {
  const { flight, asked } = question()
  for (const answer of [1, 2, 3]) {
    const one = flight.join()
    asked.at(-1)?.(answer)
    expect(await one).toBe(answer)
    await settled()
  }
  expect(asked).toHaveLength(3)
})

test('a failed flight fails for its own passengers only', async () => {
  const { flight, asked } = question()
  const first = flight.join()
  const second = flight.join()
  asked[0]?.(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
  await settled()
  asked[1]?.(2)
  expect(await second).toBe(2)
})

test('who comes while the next flight is under way waits for the one after it', async () => {
  const { flight, asked } = question()
  const first = flight.join()
  const second = flight.join()
  asked[0]?.(1)
  await first
  await settled()
  const third = flight.join()
  asked[1]?.(2)
  expect(await second).toBe(2)
  await settled()
  asked[2]?.(3)
  expect(await third).toBe(3)
})
