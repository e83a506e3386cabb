import { Violation } from './explore.ts'
import type { BreakReason, LogSteps } from './log.ts'
import { type Client, isServing, type Log, type Node, noPlace, type Place, type Server, type State } from './state.ts'

/** What nodes and their clients do: sections 5 to 7 of the algorithm. */
export class NodeSteps {
  readonly #logs: LogSteps

  constructor(logs: LogSteps) {
    this.#logs = logs
  }

  /** The hints are live from now on. */
  subscribe(node: Node, server: number): void {
    node.server = server
    node.hints = []
  }

  /** The hint connection is gone; what was under way on it is lost. */
  cut(node: Node): void {
    node.server = -1
    node.hasRead = false
    node.hints = []
  }

  /** Reads from its position on, or takes the head as its start. */
  read(state: State, index: number): void {
    const node = nodeAt(state, index)
    const server = serverOf(state, node)
    if (server === undefined) return
    const { log } = server
    const verdict = this.#logs.read(state, server, node.place)
    // Whoever knows more than its master may have come to a stale one: it must confirm its master before it tells a break, and here it cannot.
    if (verdict.kind === 'break' && verdict.reason !== 'trimmed' && server.role === 'stale') return this.cut(node)
    node.hasRead = true
    if (node.place.incarnation === 0) {
      node.place = verdict.head
      node.heard = log.records.map(() => 0)
    } else if (verdict.kind === 'break') {
      checkJustified(state, server, { place: node.place, reason: verdict.reason, heard: node.heard })
      node.place = verdict.head
      node.heard = log.records.map(() => 0)
      for (const client of clientsOf(state, index)) startAnew(client, node.place)
    } else {
      const from = node.place.offset
      node.place.term = verdict.head.term
      for (const client of clientsOf(state, index)) client.place.term = verdict.head.term
      for (const message of log.records.slice(from)) this.#emit(state, index, message)
    }
  }

  /** The next hint arrives: it is next, old, or a reason to read. */
  hear(state: State, index: number): void {
    const node = nodeAt(state, index)
    const hint = node.hints.shift()
    if (hint === undefined) return
    if (this.#fits(state, index, hint)) return
    this.read(state, index)
    this.#fits(state, index, hint)
  }

  /** Whether an audit would make this node read. */
  isAuditDue(state: State, node: Node): boolean {
    const server = serverOf(state, node)
    if (server === undefined || !node.hasRead) return false
    const head = this.#logs.head(server)
    return head === undefined || !isSameEpoch(head, node.place) || head.offset > node.place.offset
  }

  /** A client connects, with its position if it has one. @returns Whether it was let in. */
  attach(state: State, client: Client, index: number): boolean {
    const node = nodeAt(state, index)
    const server = serverOf(state, node)
    if (server === undefined || !node.hasRead) return false
    if (client.place.incarnation === 0) {
      client.node = index
      startAnew(client, node.place)
      return true
    }
    if (this.#servesFromMemory(node, client)) {
      client.node = index
      for (const message of node.heard.slice(client.place.offset)) receive(client, message)
      return true
    }
    const { place } = client
    const verdict = this.#logs.read(state, server, place)
    if (verdict.kind === 'break') {
      // The same here: the client is sent to another node.
      if (verdict.reason !== 'trimmed' && server.role === 'stale') return false
      checkJustified(state, server, { place, reason: verdict.reason, heard: client.heard })
      client.node = index
      startAnew(client, node.place)
      return true
    }
    // The log knows more, or another epoch, than this node has heard of: it catches up before anybody is told.
    if (!isSameEpoch(verdict.head, node.place) || verdict.head.offset > node.place.offset) this.read(state, index)
    client.node = index
    client.place.term = node.place.term
    for (const message of server.log.records.slice(place.offset, node.place.offset)) receive(client, message)
    return true
  }

  #servesFromMemory(node: Node, { place }: Client): boolean {
    if (!isSameEpoch(node.place, place) || place.offset > node.place.offset) return false
    return node.heard.slice(place.offset).every((message) => message !== 0)
  }

  #fits(state: State, index: number, { place, message }: { readonly place: Place; readonly message: number }): boolean {
    const node = nodeAt(state, index)
    if (!isSameEpoch(place, node.place) || place.offset > node.place.offset + 1) return false
    if (place.offset === node.place.offset + 1) this.#emit(state, index, message)
    return true
  }

  #emit(state: State, index: number, message: number): void {
    const node = nodeAt(state, index)
    node.heard.push(message)
    node.place.offset += 1
    for (const client of clientsOf(state, index)) {
      if (client.place.offset + 1 !== node.place.offset)
        throw new Violation('I4: a live client was given a wrong offset')
      receive(client, message)
    }
  }
}

function receive(client: Client, message: number): void {
  client.heard.push(message)
  client.place.offset += 1
}

function startAnew(client: Client, at: Place): void {
  client.place = { ...at }
  client.heard = Array.from({ length: at.offset }, () => 0)
}

/** The node is killed: it forgets everything, its clients are on their own. */
export function killNode(state: State, index: number): void {
  Object.assign(nodeAt(state, index), { server: -1, hasRead: false, place: noPlace(), heard: [], hints: [] })
  for (const client of clientsOf(state, index)) client.node = -1
}

export function nodeAt(state: State, index: number): Node {
  const node = state.nodes[index]
  if (node === undefined) throw new Error(`there is no node ${index}`)
  return node
}

function serverOf(state: State, node: Node): Server | undefined {
  const server = state.servers[node.server]
  return server !== undefined && isServing(server) ? server : undefined
}

function clientsOf(state: State, index: number): readonly Client[] {
  return state.clients.filter(({ node }) => node === index)
}

export function isSameEpoch(a: Place, b: Place): boolean {
  return a.incarnation === b.incarnation && a.term === b.term
}

interface Broken {
  readonly place: Place
  readonly reason: BreakReason
  readonly heard: readonly number[]
}

/** I7: each reason is confirmed by what happened to the store. */
export function checkJustified(state: State, { log }: Server, { place, reason, heard }: Broken): void {
  const isPrefix =
    place.incarnation === log.incarnation &&
    place.offset <= log.records.length &&
    heard.every((message, index) => message === 0 || message === log.records[index])
  const isJustified = {
    'new-log': state.isDestroyed || state.isLossy,
    fork: !isPrefix || state.isLossy,
    unknown: state.isLossy,
    trimmed: place.offset < log.trimmed,
  }[reason]
  if (!isJustified) throw new Violation(`I7: a break (${reason}) that nothing in the store's history justifies`)
}

/** I3 and I5: what a reader holds as records 1, 2, 3 … of the history it follows is what that history holds. */
export function checkHeard(
  reader: { readonly place: Place; readonly heard: readonly number[] },
  log: Log,
  head: Place | undefined,
): void {
  if (head === undefined || !isSameEpoch(reader.place, head)) return
  if (reader.place.offset > log.records.length)
    throw new Violation('I3: a reader is ahead of the history of its own epoch')
  for (const [index, message] of reader.heard.entries()) {
    if (message !== 0 && message !== log.records[index]) {
      throw new Violation(`I3: offset ${index + 1} was delivered with another record than the log has there`)
    }
  }
}
