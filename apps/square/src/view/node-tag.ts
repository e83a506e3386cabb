import { nodeClass, shortNode } from './colour.ts'
import { element } from './element.ts'

/** The name of a node in its colour. */
export function nodeTag(node: string): HTMLElement {
  return element('span', { class: `node-tag ${nodeClass(node)}`, title: `node ${node}` }, shortNode(node) || 'no node')
}
