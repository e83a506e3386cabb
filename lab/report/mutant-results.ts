import { mutants } from '../program/mutants.ts'
import { readMutantResults } from './results.ts'

/** How many of the planted faults have turned a run red. */
export function mutantsCaught(): { readonly caught: number; readonly planted: number } {
  const names = Object.keys(mutants).filter((name) => name !== 'none')
  const red = new Set(
    readMutantResults()
      .filter(({ green }) => !green)
      .map(({ mutant }) => mutant),
  )
  return { caught: names.filter((name) => red.has(name)).length, planted: names.length }
}
