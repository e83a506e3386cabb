import { MAX_TEXT } from '../payload.ts'
import { byId, element } from './element.ts'

/** Where people write: to everybody in the square, or to one of them. */
export class Composer {
  readonly #to = byId<HTMLSelectElement>('to')
  readonly #text = byId<HTMLInputElement>('text')
  #names = ''

  /** `send` gets the text and the person it is for; `''` is everybody. */
  constructor(send: (text: string, to: string) => void) {
    this.#text.maxLength = MAX_TEXT
    byId<HTMLFormElement>('composer').addEventListener('submit', (event) => {
      event.preventDefault()
      const text = this.#text.value.trim()
      if (!text) return
      this.#text.value = ''
      send(text, this.#to.value)
    })
  }

  /** Offers these people as receivers; who is chosen stays chosen. */
  offer(names: readonly string[]): void {
    const chosen = this.#to.value
    const all = [...new Set(chosen ? [...names, chosen] : names)].sort((a, b) => a.localeCompare(b))
    const key = all.join('\n')
    if (key === this.#names) return
    this.#names = key
    this.#to.replaceChildren(
      element('option', { value: '' }, 'to everybody'),
      ...all.map((name) => element('option', { value: name }, `to ${name} alone`)),
    )
    this.#to.value = chosen
  }

  /** Chooses a receiver and puts the cursor into the text. */
  writeTo(name: string): void {
    this.offer([...this.#names.split('\n').filter(Boolean), name])
    this.#to.value = name
    this.#text.focus()
  }
}
