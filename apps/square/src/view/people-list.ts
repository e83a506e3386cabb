import type { Person } from '../crowd.ts'
import { avatar } from './avatar.ts'
import { element } from './element.ts'
import { nodeTag } from './node-tag.ts'

/** What the list needs from the page. */
export interface PeopleHost {
  readonly self: string
  readonly write: (name: string) => void
}

/** Who is in the square, where, and when they were last heard. */
export class PeopleList {
  readonly #list: HTMLElement
  readonly #host: PeopleHost

  constructor(list: HTMLElement, host: PeopleHost) {
    this.#list = list
    this.#host = host
  }

  /** Shows these people. */
  show(people: readonly Person[], silenceOf: (person: Person) => number): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset['write']
    this.#list.replaceChildren(...people.map((person) => this.#item(person, silenceOf(person))))
    if (focused) this.#list.querySelector<HTMLElement>(`[data-write="${CSS.escape(focused)}"]`)?.focus()
  }

  #item(person: Person, silenceMs: number): HTMLElement {
    const isSelf = person.name === this.#host.self
    const words = element(
      'span',
      { class: 'person-words' },
      element('b', {}, person.name),
      element('small', {}, isSelf ? 'you' : lastHeard(silenceMs)),
    )
    const item = element('li', {}, avatar(person.name), words, nodeTag(person.node))
    if (!isSelf) {
      const write = element('button', { class: 'quiet', type: 'button', 'data-write': person.name }, 'Write')
      write.setAttribute('aria-label', `Write to ${person.name}`)
      write.addEventListener('click', () => this.#host.write(person.name))
      item.append(write)
    }
    return item
  }
}

function lastHeard(silenceMs: number): string {
  const seconds = Math.round(silenceMs / 1_000)
  return seconds < 2 ? 'heard just now' : `heard ${seconds} s ago`
}
