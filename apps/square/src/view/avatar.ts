import { personClass } from './colour.ts'
import { element } from './element.ts'

/** A coloured disc with somebody's first letter. */
export function avatar(name: string): HTMLElement {
  const letter = (Array.from(name)[0] ?? '?').toUpperCase()
  return element('span', { class: `avatar ${personClass(name)}`, title: name, 'aria-hidden': 'true' }, letter)
}
