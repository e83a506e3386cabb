/** What has become of one number of a run. */
export type CryFate = 'received' | 'repeated' | 'late'

/** Counts one run of the crier: what came, in which order, how often. */
export class CryTally {
  readonly run: string
  /** Numbers in the whole run. */
  readonly of: number
  /** The first number this page saw; above 1 when the page was opened in the middle of a run. */
  readonly first: number
  readonly #seen = new Set<number>()
  #highest: number
  #repeats = 0
  #late = 0

  constructor(run: string, of: number, first: number) {
    this.run = run
    this.of = of
    this.first = first
    this.#highest = first - 1
  }

  /** Notes a number and says what it was. */
  add(number: number): CryFate {
    if (this.#seen.has(number)) {
      this.#repeats += 1
      return 'repeated'
    }
    this.#seen.add(number)
    if (number < this.#highest) {
      this.#late += 1
      return 'late'
    }
    this.#highest = number
    return 'received'
  }

  /** Different numbers received. */
  get received(): number {
    return this.#seen.size
  }

  /** Numbers that this page has to receive in the end. */
  get expected(): number {
    return this.of - this.first + 1
  }

  /** Numbers received more than once, counted each time. */
  get repeats(): number {
    return this.#repeats
  }

  /** Numbers that came after a higher one. */
  get late(): number {
    return this.#late
  }

  /** Numbers below the highest one that have not come. */
  get missing(): number {
    return this.#highest - this.first + 1 - [...this.#seen].filter((number) => number >= this.first).length
  }

  get complete(): boolean {
    return this.#highest === this.of && this.missing === 0
  }

  get flawless(): boolean {
    return this.#repeats === 0 && this.#late === 0 && this.missing === 0
  }
}
