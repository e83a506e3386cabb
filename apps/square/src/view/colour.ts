/** How many colours the style sheet has for nodes (`.node-0` …) and for people (`.person-0` …). */
const NODE_COLOURS = 6
const PERSON_COLOURS = 8

/** The last part of a node's name: what people can tell apart at a glance. */
export function shortNode(node: string): string {
  return node.split('-').at(-1) || node
}

/** The class that gives a node its colour, the same on every page. Numbered workers never share one among the first six. */
export function nodeClass(node: string): string {
  if (!node) return 'node-none'
  const number = /\d+$/.exec(node)?.[0]
  return `node-${(number ? Number(number) + NODE_COLOURS - 1 : hash(node)) % NODE_COLOURS}`
}

/** The class that gives a person a colour, the same on every page. */
export function personClass(name: string): string {
  return `person-${hash(name.toLowerCase()) % PERSON_COLOURS}`
}

function hash(text: string): number {
  let sum = 7
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003
  return sum
}
