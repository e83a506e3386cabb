import { nodeClass, shortNode } from './colour.ts'
import { byId, element } from './element.ts'

/** How the connection is, in one line at the top; breaks and refusals below it, loudly. */
export class StatusBar {
  readonly #state = byId('state')
  readonly #recovery = byId('recovery')
  readonly #alarms = byId('alarms')

  /** Shows the state of the connection. `node` only while connected. */
  show(state: 'connecting' | 'recovering' | 'connected' | 'ended', node: string): void {
    this.#state.className = `state ${state} ${state === 'connected' ? nodeClass(node) : ''}`
    this.#state.dataset['state'] = state
    this.#state.dataset['node'] = node
    this.#state.textContent = words[state]
    if (state === 'connected') this.#state.append(element('b', { title: node }, shortNode(node)))
  }

  /** Shows what the last reconnect brought back. */
  showRecovery(text: string): void {
    this.#recovery.textContent = text
  }

  /** Shows something that must not be overlooked; it stays until it is closed. */
  alarm(text: string): void {
    if (this.#alarms.childElementCount >= 5) this.#alarms.firstElementChild?.remove()
    const close = element('button', { class: 'quiet', type: 'button', 'aria-label': 'Close' }, '×')
    const item = element('div', { class: 'alarm', role: 'alert' }, element('span', {}, text), close)
    close.addEventListener('click', () => item.remove())
    this.#alarms.append(item)
  }
}

const words = {
  connecting: 'connecting',
  recovering: 'connection lost, coming back',
  connected: 'connected to node ',
  ended: 'disconnected',
}
