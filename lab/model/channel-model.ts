import type { Model, Step } from './explore.ts'
import { checkUniquePlaces, isSameLog, LogSteps, promote, restartWith } from './log.ts'
import { checkHeard, killNode, nodeAt, NodeSteps } from './node-steps.ts'
import { checkOrder, type Fate, ProducerSteps } from './producer-steps.ts'
import { Settling } from './settling.ts'
import { copyLog, emptyLog, isServing, masterOf, newNode, noLate, noPlace, type Server, type State } from './state.ts'
import { decodeState, encodeState } from './state-code.ts'
import type { Variant } from './variant.ts'

/** How large the explored world is, and how often each fault may strike. */
export interface Bounds {
  readonly nodes: number
  readonly clients: number
  /** Messages of each producer. */
  readonly messages: readonly number[]
  /** Most hints under way to one node. */
  readonly hints: number
  /** Whether nodes compare quiet channels with their logs. @default true */
  readonly hasAudit?: boolean | undefined
  readonly faults: Readonly<Partial<Record<ModelFault, number>>>
}

export const FAULTS = [
  'kill the master',
  'partition the master',
  'restart from snapshot',
  'restart empty',
  'lose the stream',
  'expire the stream',
  'trim a record',
  'kill a node',
  'cut the hints',
  'lose a hint',
  'cut a client',
  'lose an answer',
  'stick a request',
  'forget what was acknowledged',
] as const
export type ModelFault = (typeof FAULTS)[number]

type Add = (name: string, apply: (state: State) => void) => void

/** One channel on two servers, a few nodes, clients and producers. */
export class ChannelModel implements Model<State> {
  readonly #bounds: Bounds
  readonly #variant: Variant
  readonly #logs: LogSteps
  readonly #nodes: NodeSteps
  readonly #producers: ProducerSteps
  readonly #settling: Settling
  readonly encode: (state: State) => string = encodeState
  readonly decode: (code: string) => State = decodeState

  constructor(bounds: Bounds, variant: Variant = 'sound') {
    this.#bounds = bounds
    this.#variant = variant
    this.#logs = new LogSteps(variant)
    this.#nodes = new NodeSteps(this.#logs)
    this.#producers = new ProducerSteps(this.#logs, variant)
    this.#settling = new Settling(this.#nodes, bounds.hasAudit ?? true)
  }

  initial(): State {
    const { nodes, clients, messages, faults } = this.#bounds
    const server = (role: Server['role'], replid: number): Server => ({ role, replid, log: emptyLog(messages.length) })
    return {
      servers: [server('master', 1), server('replica', 0)],
      snapshot: undefined,
      nodes: Array.from({ length: nodes }, newNode),
      clients: Array.from({ length: clients }, () => ({ node: -1, place: noPlace(), heard: [] })),
      producers: messages.map((count) => ({
        id: 0,
        nextSeq: 1,
        items: Array.from({ length: count }, () => ({ state: 'waiting', seq: 0 })),
      })),
      late: noLate(),
      fresh: 2,
      isLossy: false,
      isDestroyed: false,
      left: FAULTS.map((name) => faults[name] ?? 0),
    }
  }

  steps(state: State): readonly Step<State>[] {
    const steps: Step<State>[] = []
    const add: Add = (name, apply) => steps.push({ name, apply })
    this.#publishing(state, add)
    this.#following(state, add)
    this.#reading(state, add)
    this.#serverFaults(state, add)
    this.#logFaults(state, add)
    return steps
  }

  check(state: State): void {
    checkUniquePlaces(state)
    const master = masterOf(state)
    checkOrder(master.log.records)
    const head = this.#logs.head(master)
    for (const reader of [...state.nodes, ...state.clients]) checkHeard(reader, master.log, head)
    this.#settling.check(state)
  }

  #publishing(state: State, add: Add): void {
    const { hints } = this.#bounds
    if (state.nodes.some((node) => node.server >= 0 && node.hints.length >= hints)) return
    for (const [index, producer] of state.producers.entries()) {
      for (const at of this.#producers.sendable(producer)) {
        for (const [server, one] of state.servers.entries()) {
          if (!isServing(one)) continue
          const send = (fate: Fate) => (next: State) => this.#producers.send(next, [index, at, server], fate)
          const what = `producer ${'AB'[index]} sends message ${at + 1} to the ${one.role} ${server}`
          add(`${what}; it is answered`, send('answered'))
          if (this.#has(state, 'lose an answer')) {
            add(`${what}; the answer is lost`, this.#spending('lose an answer', send('answer lost')))
          }
          if (this.#has(state, 'stick a request') && state.late.server < 0) {
            add(`${what}; the request sticks in a socket`, this.#spending('stick a request', send('stuck')))
          }
        }
      }
      if (
        this.#has(state, 'forget what was acknowledged') &&
        producer.items.some(({ state: is }) => is === 'retained')
      ) {
        const forget = (next: State): void => next.producers[index] && this.#producers.forget(next.producers[index])
        add(
          `producer ${'AB'[index]} forgets what was acknowledged`,
          this.#spending('forget what was acknowledged', forget),
        )
      }
    }
    const late = state.servers[state.late.server]
    if (late !== undefined && isServing(late)) {
      add(`the stuck request arrives at the ${late.role}`, (next) => this.#producers.arriveLate(next))
    }
  }

  #following(state: State, add: Add): void {
    for (const [index, node] of state.nodes.entries()) {
      if (node.server < 0) {
        for (const [server, { role }] of state.servers.entries()) {
          if (role !== 'master' && role !== 'stale') continue
          if (this.#variant === 'read-before-subscribe' && !node.hasRead) {
            add(`node ${index} reads from the ${role} ${server}`, (next) => this.#readTooEarly(next, index, server))
          } else {
            add(`node ${index} subscribes at the ${role} ${server}`, (next) =>
              this.#nodes.subscribe(nodeAt(next, index), server),
            )
          }
        }
        continue
      }
      const { role } = state.servers[node.server] ?? { role: 'dead' }
      if (!node.hasRead) {
        add(`node ${index} reads from the ${role}`, (next) => this.#nodes.read(next, index))
        continue
      }
      if (node.hints.length > 0) {
        add(`node ${index} hears a hint`, (next) => this.#nodes.hear(next, index))
        if (this.#has(state, 'lose a hint')) {
          const lose = (next: State): void => void nodeAt(next, index).hints.shift()
          add(`a hint to node ${index} is lost`, this.#spending('lose a hint', lose))
        }
      } else if (this.#settling.hasAudit && this.#nodes.isAuditDue(state, node)) {
        add(`node ${index} audits its channel and reads`, (next) => this.#nodes.read(next, index))
      }
      if (role === 'stale')
        add(`node ${index} notices that its master is stale`, (next) => this.#nodes.cut(nodeAt(next, index)))
      if (this.#has(state, 'cut the hints')) {
        const cut = (next: State): void => this.#nodes.cut(nodeAt(next, index))
        add(`the hint connection of node ${index} is cut`, this.#spending('cut the hints', cut))
      }
      if (this.#has(state, 'kill a node') && node.place.incarnation > 0) {
        add(
          `node ${index} is killed`,
          this.#spending('kill a node', (next) => killNode(next, index)),
        )
      }
    }
  }

  #readTooEarly(state: State, index: number, server: number): void {
    const node = nodeAt(state, index)
    node.server = server
    this.#nodes.read(state, index)
    node.server = -1
  }

  #reading(state: State, add: Add): void {
    for (const [index, client] of state.clients.entries()) {
      if (client.node >= 0) {
        if (!this.#has(state, 'cut a client')) continue
        const cut = (next: State): void => {
          const one = next.clients[index]
          if (one !== undefined) one.node = -1
        }
        add(`client ${index} loses its connection`, this.#spending('cut a client', cut))
        continue
      }
      for (const [at, node] of state.nodes.entries()) {
        if (!node.hasRead) continue
        add(`client ${index} subscribes at node ${at}`, (next) => {
          const one = next.clients[index]
          if (one !== undefined) this.#nodes.attach(next, one, at)
        })
      }
    }
  }

  #serverFaults(state: State, add: Add): void {
    const master = masterOf(state)
    const other = state.servers.find((server) => server !== master)
    if (other?.role === 'replica') {
      if (!isSameLog(master.log, other.log)) add('the replica catches up', (next) => this.#replicate(next))
      for (const [name, role] of [
        ['kill the master', 'dead'],
        ['partition the master', 'stale'],
      ] as const) {
        if (!this.#has(state, name)) continue
        const fail = (next: State): void => {
          promote(next, role)
          if (role === 'dead') this.#hangUpDead(next)
        }
        const words = role === 'dead' ? 'the master is killed' : 'the master is cut off and goes on'
        add(`${words}; the replica is promoted with ${other.log.records.length} records`, this.#spending(name, fail))
      }
    } else if (other !== undefined) {
      add('the other server becomes a replica and copies the master', (next) => this.#replicate(next))
    }
    const restart = (name: ModelFault, log: () => State['snapshot']): void => {
      if (!this.#has(state, name)) return
      const again = (next: State): void => {
        restartWith(next, masterOf(next), log() ?? emptyLog(next.producers.length))
        if (name === 'restart empty') {
          next.isDestroyed = true
          next.snapshot = undefined
        }
        for (const node of next.nodes) if (next.servers[node.server] === masterOf(next)) this.#nodes.cut(node)
      }
      add(
        name === 'restart empty' ? 'the master restarts empty' : 'the master restarts from its snapshot',
        this.#spending(name, again),
      )
    }
    restart('restart empty', () => undefined)
    if (state.snapshot === undefined) {
      if (this.#has(state, 'restart from snapshot') && master.log.incarnation > 0) {
        add('the master saves a snapshot', (next) => (next.snapshot = copyLog(masterOf(next).log)))
      }
    } else restart('restart from snapshot', () => state.snapshot)
  }

  #logFaults(state: State, add: Add): void {
    const { log } = masterOf(state)
    const hasRecords = log.records.length > log.trimmed && !log.isStreamLost
    if (!hasRecords) return
    const on = (name: ModelFault, words: string, apply: (state: State) => void): void => {
      if (this.#has(state, name)) add(words, this.#spending(name, apply))
    }
    on('lose the stream', 'the stream goes missing before its time', (next) => {
      masterOf(next).log.isStreamLost = true
      next.isDestroyed = true
    })
    on('expire the stream', "the stream's time is over", (next) => this.#logs.expire(masterOf(next).log))
    on('trim a record', 'the oldest record is trimmed', (next) => (masterOf(next).log.trimmed += 1))
  }

  #replicate(state: State): void {
    const master = masterOf(state)
    for (const [index, server] of state.servers.entries()) {
      if (server === master) continue
      for (const node of state.nodes) if (node.server === index) this.#nodes.cut(node)
      if (state.late.server === index) state.late = noLate()
      server.role = 'replica'
      server.replid = 0
      server.log = copyLog(master.log)
    }
  }

  #hangUpDead(state: State): void {
    for (const node of state.nodes) if (state.servers[node.server]?.role === 'dead') this.#nodes.cut(node)
    if (state.servers[state.late.server]?.role === 'dead') state.late = noLate()
  }

  #has(state: State, name: ModelFault): boolean {
    return (state.left[FAULTS.indexOf(name)] ?? 0) > 0
  }

  #spending(name: ModelFault, apply: (state: State) => void): (state: State) => void {
    return (state) => {
      const at = FAULTS.indexOf(name)
      state.left[at] = (state.left[at] ?? 0) - 1
      apply(state)
    }
  }
}
