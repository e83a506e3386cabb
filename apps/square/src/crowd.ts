/** Milliseconds after which somebody who says nothing is taken to have left. */
export const ABSENT_AFTER_MS = 20_000

/** Bound on the people shown. */
const MAX_PEOPLE = 60

/** Somebody in the square, by what they last said. */
export interface Person {
  /** Names the page: somebody with two tabs stands in two places. */
  readonly page: string
  readonly name: string
  readonly node: string
  /** Milliseconds on the clock that the crowd was given. */
  readonly seenAt: number
}

/** Who is where. The names come from the server, the places from what each page says of itself. */
export class Crowd {
  readonly #people = new Map<string, Person>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** Notes that somebody was heard, and where. True when they are new here: they know nobody yet, so it is polite to greet back. */
  heard(person: Omit<Person, 'seenAt'>): boolean {
    const isNew = !this.#people.has(keyOf(person))
    this.#people.set(keyOf(person), { ...person, seenAt: this.#now() })
    if (this.#people.size > MAX_PEOPLE) {
      const oldest = [...this.#people.values()].sort((a, b) => a.seenAt - b.seenAt)[0]
      if (oldest) this.#people.delete(keyOf(oldest))
    }
    return isNew
  }

  /** Takes away somebody who said goodbye. */
  left(person: Pick<Person, 'name' | 'page'>): void {
    this.#people.delete(keyOf(person))
  }

  /** Those heard lately, by name. */
  present(): Person[] {
    const now = this.#now()
    for (const person of this.#people.values()) {
      if (now - person.seenAt > ABSENT_AFTER_MS) this.#people.delete(keyOf(person))
    }
    return [...this.#people.values()].sort((a, b) => a.name.localeCompare(b.name) || a.page.localeCompare(b.page))
  }

  /** Milliseconds since somebody was heard. */
  silenceOf(person: Person): number {
    return this.#now() - person.seenAt
  }
}

/** A page cannot take the place of another person's: the name in the key is the server's word. */
function keyOf(person: Pick<Person, 'name' | 'page'>): string {
  return `${person.name} ${person.page}`
}
