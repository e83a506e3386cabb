import { avatar } from './avatar.ts'
import { element, icon } from './element.ts'
import { nodeTag } from './node-tag.ts'

/** Lines the board keeps; older ones go. */
const MAX_LINES = 200

/** A notice as it hangs on the board. */
export interface BoardLine {
  readonly from: string
  /** The node that the writer was connected to; empty when unknown. */
  readonly node: string
  readonly text: string
  /** The number in the channel's log; 0 when it has none. */
  readonly offset: number
  /** For a letter: who else it is between. */
  readonly letter?: { readonly direction: 'to' | 'from'; readonly name: string } | undefined
  /** It hung there before this page was opened. */
  readonly old?: boolean | undefined
}

/** The list of notices and letters. */
export class NoticeBoard {
  readonly #list: HTMLElement
  readonly #empty: HTMLElement

  constructor(list: HTMLElement) {
    this.#list = list
    this.#empty = element('li', { class: 'empty' }, 'Nothing has been said yet. Say good day to the square.')
    list.append(this.#empty)
  }

  /** Hangs up a notice below the others. */
  add(line: BoardLine): void {
    this.#append(noticeItem(line))
  }

  /** Puts the notices from before this page was opened, oldest first, above all others. */
  addEarlier(lines: readonly BoardLine[]): void {
    if (lines.length === 0) return
    this.#empty.remove()
    this.#list.prepend(...lines.map((line) => noticeItem({ ...line, old: true })))
    this.#bound()
    this.#list.scrollTop = this.#list.scrollHeight
  }

  /** Adds a line that nobody said: what happened to this page. */
  tell(text: string, kind: 'calm' | 'good' | 'loud' = 'calm'): void {
    this.#append(element('li', { class: `told ${kind}` }, text))
  }

  #append(item: HTMLElement): void {
    const list = this.#list
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60
    this.#empty.remove()
    list.append(item)
    this.#bound()
    if (atEnd) list.scrollTop = list.scrollHeight
  }

  #bound(): void {
    while (this.#list.childElementCount > MAX_LINES) this.#list.firstElementChild?.remove()
  }
}

function noticeItem(line: BoardLine): HTMLElement {
  const head = element('div', { class: 'notice-head' }, element('b', {}, line.from))
  if (line.letter) head.append(element('span', { class: 'letter-mark' }, icon('letter'), letterWords(line.letter)))
  if (line.node) head.append(nodeTag(line.node))
  if (line.offset)
    head.append(element('span', { class: 'offset', title: 'number in the log of this channel' }, `#${line.offset}`))
  const body = element('div', { class: 'notice-body' }, head, element('p', {}, line.text))
  const kind = `notice${line.letter ? ' letter' : ''}${line.old ? ' old' : ''}`
  return element('li', { class: kind, 'data-offset': String(line.offset) }, avatar(line.from), body)
}

function letterWords({ direction, name }: { direction: 'to' | 'from'; name: string }): string {
  return direction === 'from' ? 'to you alone' : `to ${name} alone`
}
