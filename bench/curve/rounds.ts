import { median } from '../figures.ts'

/** The median of each figure over the rounds; what is the same in all rounds stays as it is. */
export function medians<T extends object>(rounds: readonly T[]): T {
  const [first] = rounds
  if (first === undefined) throw new Error('no round was measured')
  const keys = Object.keys(first) as (keyof T & string)[]
  return Object.fromEntries(keys.map((key) => [key, median(rounds.map((round) => Number(round[key])))])) as T
}
