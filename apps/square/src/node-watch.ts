import type { Tower } from './view/tower-row.ts'

const POLL_MS = 1_000
/** A replaced worker may be back before anybody has seen it gone: it stays dark for at least this long. */
const DARK_MS = 2_000
/** A node that does not come back is forgotten after this time. */
const FORGOTTEN_AFTER_MS = 30_000

interface NodeFacts {
  readonly pid: number
  readonly connections: number
  readonly seenAt: number
  darkUntil: number
}

/** Knows the nodes of a server in demo mode, by asking it once a second. */
export class NodeWatch {
  readonly #nodes = new Map<string, NodeFacts>()
  readonly #changed: () => void
  #isDemo = false

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Whether the server is in demo mode: without it nobody may kill its nodes, and its numbers are not known. */
  get isDemo(): boolean {
    return this.#isDemo
  }

  /** Begins to ask, for as long as the page lives. */
  start(): void {
    void this.#poll()
    setInterval(() => {
      if (!document.hidden) void this.#poll()
    }, POLL_MS)
  }

  /** Kills a node; resolves with what went wrong, if anything did. */
  async kill(node: string): Promise<string | undefined> {
    try {
      const response = await fetch('/demo/kill', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ node }),
      })
      if (!response.ok) return `The server did not kill ${node} (HTTP ${response.status}).`
    } catch {
      // The node that answered may have been the one to die: the next question shows what became of it.
    }
    this.markDark(node)
    return undefined
  }

  /** Shows a node as down for a moment, because a connection to it was just lost. */
  markDark(node: string): void {
    const facts = this.#nodes.get(node)
    if (!facts) return
    facts.darkUntil = performance.now() + DARK_MS
    this.#changed()
    setTimeout(() => void this.#poll(), DARK_MS)
  }

  /** The towers to show: the nodes the server named lately, and those where somebody stands. */
  towers(inhabited: readonly string[]): Tower[] {
    const now = performance.now()
    const known = [...this.#nodes].map(
      ([node, { pid, connections, seenAt, darkUntil }]): Tower => ({
        node,
        pid,
        connections,
        state: now < darkUntil || now - seenAt > 2 * POLL_MS ? 'down' : 'up',
      }),
    )
    const others = [...new Set(inhabited)].filter((node) => node && !this.#nodes.has(node))
    // A server in demo mode names all its nodes: a place that it does not know is no place.
    const guessed = this.#isDemo
      ? []
      : others.map((node): Tower => ({ node, pid: 0, connections: undefined, state: 'up' }))
    return [...known, ...guessed].sort((a, b) => a.node.localeCompare(b.node))
  }

  async #poll(): Promise<void> {
    const nodes = await askNodes()
    if (nodes === 'unknown') return
    const now = performance.now()
    this.#isDemo = nodes !== 'no demo'
    for (const { name, pid, connections } of nodes === 'no demo' ? [] : nodes) {
      const before = this.#nodes.get(name)
      const isNew = before !== undefined && before.pid !== pid
      const darkUntil = isNew ? Math.max(before.darkUntil, now + DARK_MS / 2) : (before?.darkUntil ?? 0)
      this.#nodes.set(name, { pid, connections, seenAt: now, darkUntil })
    }
    for (const [name, { seenAt }] of this.#nodes) if (now - seenAt > FORGOTTEN_AFTER_MS) this.#nodes.delete(name)
    this.#changed()
  }
}

interface NodeAnswer {
  readonly name: string
  readonly pid: number
  readonly connections: number
}

async function askNodes(): Promise<readonly NodeAnswer[] | 'no demo' | 'unknown'> {
  try {
    const response = await fetch('/demo/nodes')
    if (response.status === 404) return 'no demo'
    if (!response.ok) return 'unknown'
    const { nodes } = (await response.json()) as { nodes: readonly NodeAnswer[] }
    return nodes
  } catch {
    return 'unknown'
  }
}
