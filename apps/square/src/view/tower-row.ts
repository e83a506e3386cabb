import type { Person } from '../crowd.ts'
import { avatar } from './avatar.ts'
import { nodeClass, shortNode } from './colour.ts'
import { element } from './element.ts'
import { towerDrawing } from './tower-drawing.ts'

/** A node as the town shows it. */
export interface Tower {
  readonly node: string
  /** The process; 0 when unknown. */
  readonly pid: number
  /** Clients connected; `undefined` when unknown. */
  readonly connections: number | undefined
  readonly state: 'up' | 'down'
}

/** What the row needs from the page. */
export interface TowerHost {
  /** Whether this server lets anybody kill its nodes. */
  readonly mayKill: () => boolean
  readonly kill: (node: string) => void
}

/** Avatars shown at a tower's foot before they become a number. */
const MAX_SHOWN = 5

/** The towers of the town, one for each node, with the people who stand there. */
export class TowerRow {
  readonly #row: HTMLElement
  readonly #host: TowerHost
  readonly #parts = new Map<string, TowerParts>()

  constructor(row: HTMLElement, host: TowerHost) {
    this.#row = row
    this.#host = host
  }

  /** Shows these towers and nobody else. `home` is the node this page is connected to. */
  show(towers: readonly Tower[], people: readonly Person[], home: string): void {
    const names = new Set(towers.map(({ node }) => node))
    for (const [node, parts] of this.#parts) {
      if (names.has(node)) continue
      parts.root.remove()
      this.#parts.delete(node)
    }
    for (const tower of towers) {
      const parts = this.#partsOf(tower.node)
      parts.show({
        tower,
        people: people.filter((person) => person.node === tower.node && tower.state === 'up'),
        isHome: tower.node === home,
        mayKill: this.#host.mayKill(),
      })
    }
  }

  #partsOf(node: string): TowerParts {
    let parts = this.#parts.get(node)
    if (!parts) {
      parts = new TowerParts(node, () => this.#host.kill(node))
      this.#parts.set(node, parts)
      this.#row.append(parts.root)
    }
    return parts
  }
}

interface TowerView {
  readonly tower: Tower
  readonly people: readonly Person[]
  readonly isHome: boolean
  readonly mayKill: boolean
}

class TowerParts {
  readonly root: HTMLElement
  readonly #feet = element('div', { class: 'feet' })
  readonly #facts = element('p', { class: 'tower-facts' })
  readonly #home = element('span', { class: 'home-mark' }, 'you are here')
  readonly #plug: HTMLButtonElement
  #shownPeople = ''

  constructor(node: string, kill: () => void) {
    const name = shortNode(node)
    this.#plug = element('button', { class: 'plug', type: 'button', 'data-node': node }, 'Pull the plug')
    this.#plug.addEventListener('click', kill)
    this.root = element(
      'article',
      { class: `tower ${nodeClass(node)}`, 'aria-label': `node ${node}`, 'data-node': node },
      this.#home,
      towerDrawing(),
      this.#feet,
      element('div', { class: 'sign' }, element('h3', { title: node }, name), this.#facts, this.#plug),
    )
  }

  show({ tower, people, isHome, mayKill }: TowerView): void {
    const down = tower.state === 'down'
    this.root.classList.toggle('down', down)
    this.root.classList.toggle('home', isHome && !down)
    this.root.dataset['lit'] = String(Math.min(tower.connections ?? people.length, 6))
    this.#plug.hidden = !mayKill
    this.#plug.disabled = down
    const facts = down ? 'dark, back in a moment' : factsOf(tower)
    if (this.#facts.textContent !== facts) this.#facts.textContent = facts
    this.#showPeople(people)
  }

  #showPeople(people: readonly Person[]): void {
    const key = people.map(({ name, page }) => `${name} ${page}`).join('\n')
    if (key === this.#shownPeople) return
    this.#shownPeople = key
    const more = people.length - MAX_SHOWN
    this.#feet.replaceChildren(
      ...people.slice(0, MAX_SHOWN).map(({ name }) => avatar(name)),
      ...(more > 0 ? [element('span', { class: 'more' }, `+${more}`)] : []),
    )
  }
}

function factsOf({ pid, connections }: Tower): string {
  const clients = connections === undefined ? [] : [connections === 1 ? '1 client' : `${connections} clients`]
  return [...(pid ? [`pid ${pid}`] : []), ...clients].join(' · ')
}
