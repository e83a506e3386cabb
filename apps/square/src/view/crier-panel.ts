import type { CryFate, CryTally } from '../cry-tally.ts'
import { nodeClass, shortNode } from './colour.ts'
import { byId, element } from './element.ts'

/** The crier's counter: one cell for each number, in the colour of the node through which it came. */
export class CrierPanel {
  readonly button: HTMLButtonElement = byId<HTMLButtonElement>('cry')
  readonly #grid = byId('cry-grid')
  readonly #count = byId('cry-count')
  readonly #verdict = byId('cry-verdict')
  readonly #stored = byId('cry-stored')
  readonly #cells: HTMLElement[] = []

  /** Empties the counter for a new run. */
  begin(tally: CryTally, crier: string): void {
    this.#cells.length = 0
    for (let number = 1; number <= tally.of; number += 1) this.#cells.push(element('i', {}))
    this.#grid.replaceChildren(...this.#cells)
    this.#stored.textContent = `cried by ${crier}`
    this.#show(tally)
  }

  /** Marks one number as heard. */
  heard(tally: CryTally, heard: { readonly number: number; readonly fate: CryFate; readonly node: string }): void {
    const cell = this.#cells[heard.number - 1]
    if (cell) {
      cell.className = `${nodeClass(heard.node)} ${heard.fate}`
      cell.title = `${heard.number}, through ${shortNode(heard.node)}`
    }
    this.#show(tally)
  }

  /** Says how many calls of this page's own crier are safely in the log. */
  showStored(text: string): void {
    this.#stored.textContent = text
  }

  #show(tally: CryTally): void {
    this.#count.textContent = `received ${tally.received} of ${tally.expected}`
    const words = [
      tally.late === 0 ? 'in order' : `${tally.late} out of order`,
      tally.repeats === 0 ? 'no repeats' : `${tally.repeats} repeated`,
      tally.missing === 0 ? 'none lost' : `${tally.missing} lost`,
    ]
    this.#verdict.textContent = words.join(', ') + (tally.complete ? '' : ' so far')
    this.#verdict.className = tally.flawless ? (tally.complete ? 'verdict done' : 'verdict') : 'verdict bad'
    this.#grid.setAttribute('aria-label', `${tally.received} of ${tally.expected} calls received`)
  }
}
