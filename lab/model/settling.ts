import { Violation } from './explore.ts'
import { headOf } from './log.ts'
import { isSameEpoch, nodeAt, type NodeSteps } from './node-steps.ts'
import { masterOf, type State } from './state.ts'

/**
 * I6, nothing silent: from any state, when nothing more goes wrong and nobody publishes, every reader ends at the head, with what the surviving
 * history holds since its last declared start. Nodes do only what the algorithm makes them do: leave a stale master, subscribe and read again,
 * hear their hints, and read when an audit finds a difference.
 */
export class Settling {
  readonly #nodes: NodeSteps

  readonly hasAudit: boolean

  constructor(nodes: NodeSteps, hasAudit: boolean) {
    this.#nodes = nodes
    this.hasAudit = hasAudit
  }

  /** Lets everything settle; the state is spent afterwards. */
  check(state: State): void {
    const master = masterOf(state)
    const at = state.servers.indexOf(master)
    const isFollowed = [...state.nodes, ...state.clients].some(
      ({ place }) => place.incarnation === master.log.incarnation,
    )
    for (const [index, node] of state.nodes.entries()) {
      if (node.server !== at) this.#nodes.cut(node)
      if (node.server < 0) this.#nodes.subscribe(node, at)
      if (!node.hasRead) this.#nodes.read(state, index)
      while (node.hints.length > 0) this.#nodes.hear(state, index)
      this.#audit(state, index)
    }
    for (const client of state.clients) {
      if (client.node < 0 && client.place.incarnation > 0) this.#nodes.attach(state, client, 0)
    }
    // Reading may have begun a log, or told of one, after an earlier node looked.
    for (const index of state.nodes.keys()) this.#audit(state, index)
    const { log } = master
    for (const reader of [...state.nodes, ...state.clients]) {
      if (reader.place.incarnation === 0) continue
      if (isFollowed && log.isStreamLost)
        throw new Violation('I6: everything has settled, the stream is gone and a reader was not told')
      if (!isSameEpoch(reader.place, headOf(log)) || reader.place.offset !== log.records.length) {
        throw new Violation('I6: everything has settled and a reader is not at the head')
      }
      for (const [index, message] of reader.heard.entries()) {
        if (message !== 0 && message !== log.records[index]) {
          throw new Violation(
            `I6: everything has settled and offset ${index + 1} was delivered with another record, unannounced`,
          )
        }
      }
    }
  }

  #audit(state: State, index: number): void {
    if (this.hasAudit && this.#nodes.isAuditDue(state, nodeAt(state, index))) this.#nodes.read(state, index)
  }
}
