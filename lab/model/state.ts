/** A place in the log: the pair (incarnation, term) is what the product calls an epoch. Incarnation 0 stands for no position. */
export interface Place {
  incarnation: number
  term: number
  offset: number
}

/** Where an earlier term ends in the history that survived. */
export interface Fork {
  term: number
  top: number
}

/** The channel's log as one server holds it. Servers are replicated as a whole, command by command: a replica holds a state the master once had. */
export interface Log {
  /** 0: there is no metadata. */
  incarnation: number
  term: number
  /** The replication id under which the term was set; the same number as the term unless a variant counts terms. */
  epochHistory: number
  /** Newest first. */
  forks: Fork[]
  /** All that was ever appended, also what is trimmed; the message numbers are 1 and more. */
  records: number[]
  /** Offset of the newest record that was dropped in its time. */
  trimmed: number
  /** The stream went missing before its time; the metadata is still there. */
  isStreamLost: boolean
  /** The last sequence number of each producer id; 0 when the id is not known, and {@link CLOSED} more when nothing more is taken under it. */
  lastSeq: number[]
}

/** `stale` is a master that was replaced and does not know it: it goes on for those on its side of a partition. */
export type Role = 'master' | 'replica' | 'stale' | 'dead'
export const ROLES: readonly Role[] = ['master', 'replica', 'stale', 'dead']

export interface Server {
  role: Role
  /** Random and fresh at each promotion and each start of a master. */
  replid: number
  log: Log
}

/** A notice on its way to a node. */
export interface Hint {
  place: Place
  message: number
}

export interface Node {
  /** Server whose hints it hears; -1: none. */
  server: number
  /** Whether it has read since it subscribed (or, in a variant, before it). */
  hasRead: boolean
  place: Place
  /** What it has handed on as records 1, 2, 3 …; 0 for what stands before its start. */
  heard: number[]
  hints: Hint[]
}

export interface Client {
  /** Node that it is connected to; -1: none. */
  node: number
  place: Place
  heard: number[]
}

/** `unsure`: sent, no answer. `retained`: acknowledged and kept to be put back. `told`: the application was told that nobody knows. */
export type ItemState = 'waiting' | 'unsure' | 'retained' | 'acked' | 'told'
export const ITEM_STATES: readonly ItemState[] = ['waiting', 'unsure', 'retained', 'acked', 'told']

export interface Item {
  state: ItemState
  /** Its number under the producer's current id; 0 before it was sent. */
  seq: number
}

export interface Producer {
  /** Counts the ids it has used. */
  id: number
  nextSeq: number
  items: Item[]
}

/** An append in a stalled socket: carried out much later, or never. `server` -1: there is none. */
export interface Late {
  server: number
  producerId: number
  seq: number
  message: number
}

export interface State {
  servers: [Server, Server]
  /** What a restart from a snapshot would load. */
  snapshot: Log | undefined
  nodes: Node[]
  clients: Client[]
  producers: Producer[]
  late: Late
  /** The next random name; a number suffices, since names are only compared. */
  fresh: number
  /** The surviving history has lost something that was once in a master's log, be it a record or a term. */
  isLossy: boolean
  /** The log was destroyed: by an empty restart, or its stream went missing. */
  isDestroyed: boolean
  /** What is left of each kind of fault, in the order of `Bounds`. */
  left: number[]
}

/** Ids per producer: the first and one new start, and one more. */
export const IDS_PER_PRODUCER = 3

/** Above every sequence number of the model. */
export const CLOSED = 50

export function emptyLog(producers: number): Log {
  return {
    incarnation: 0,
    term: 0,
    epochHistory: 0,
    forks: [],
    records: [],
    trimmed: 0,
    isStreamLost: false,
    lastSeq: Array.from({ length: producers * IDS_PER_PRODUCER }, () => 0),
  }
}

export function copyLog(log: Log): Log {
  return {
    ...log,
    forks: log.forks.map((fork) => ({ ...fork })),
    records: [...log.records],
    lastSeq: [...log.lastSeq],
  }
}

export function noPlace(): Place {
  return { incarnation: 0, term: 0, offset: 0 }
}

export function newNode(): Node {
  return { server: -1, hasRead: false, place: noPlace(), heard: [], hints: [] }
}

export function noLate(): Late {
  return { server: -1, producerId: 0, seq: 0, message: 0 }
}

/** Whether a server takes writes. */
export function isServing({ role }: Server): boolean {
  return role === 'master' || role === 'stale'
}

export function masterOf(state: State): Server {
  const [first, second] = state.servers
  return first.role === 'master' ? first : second
}
