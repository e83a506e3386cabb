import {
  type Client,
  ITEM_STATES,
  type Log,
  type Node,
  type Place,
  type Producer,
  ROLES,
  type Server,
  type State,
} from './state.ts'

/** Writes a state as one character per number: every number of the model is small. */
export function encodeState(state: State): string {
  const out: number[] = []
  const list = <T>(items: readonly T[], put: (item: T) => void): void => {
    out.push(items.length)
    for (const item of items) put(item)
  }
  const number = (value: number): void => void out.push(value)
  const place = ({ incarnation, term, offset }: Place): void => void out.push(incarnation, term, offset)
  const log = (one: Log): void => {
    out.push(one.incarnation, one.term, one.epochHistory, one.trimmed, Number(one.isStreamLost))
    list(one.forks, ({ term, top }) => out.push(term, top))
    list(one.records, number)
    list(one.lastSeq, number)
  }
  for (const server of state.servers) {
    out.push(ROLES.indexOf(server.role), server.replid)
    log(server.log)
  }
  list(state.snapshot === undefined ? [] : [state.snapshot], log)
  list(state.nodes, (node) => {
    out.push(node.server + 1, Number(node.hasRead))
    place(node.place)
    list(node.heard, number)
    list(node.hints, (hint) => {
      place(hint.place)
      out.push(hint.message)
    })
  })
  list(state.clients, (client) => {
    out.push(client.node + 1)
    place(client.place)
    list(client.heard, number)
  })
  list(state.producers, ({ id, nextSeq, items }) => {
    out.push(id, nextSeq)
    list(items, (item) => out.push(ITEM_STATES.indexOf(item.state), item.seq))
  })
  const { server, producerId, seq, message } = state.late
  out.push(server + 1, producerId, seq, message, state.fresh, Number(state.isLossy), Number(state.isDestroyed))
  list(state.left, number)
  return String.fromCharCode(...out)
}

/** Reads what {@link encodeState} wrote, as a fresh copy. */
export function decodeState(code: string): State {
  let at = 0
  const number = (): number => code.charCodeAt(at++)
  const list = <T>(get: () => T): T[] => {
    const items: T[] = []
    for (let count = number(); count > 0; count--) items.push(get())
    return items
  }
  const place = (): Place => ({ incarnation: number(), term: number(), offset: number() })
  const log = (): Log => ({
    incarnation: number(),
    term: number(),
    epochHistory: number(),
    trimmed: number(),
    isStreamLost: number() === 1,
    forks: list(() => ({ term: number(), top: number() })),
    records: list(number),
    lastSeq: list(number),
  })
  const server = (): Server => ({ role: ROLES[number()] ?? 'dead', replid: number(), log: log() })
  const node = (): Node => ({
    server: number() - 1,
    hasRead: number() === 1,
    place: place(),
    heard: list(number),
    hints: list(() => ({ place: place(), message: number() })),
  })
  const client = (): Client => ({ node: number() - 1, place: place(), heard: list(number) })
  const producer = (): Producer => ({
    id: number(),
    nextSeq: number(),
    items: list(() => ({ state: ITEM_STATES[number()] ?? 'waiting', seq: number() })),
  })
  return {
    servers: [server(), server()],
    snapshot: list(log)[0],
    nodes: list(node),
    clients: list(client),
    producers: list(producer),
    late: { server: number() - 1, producerId: number(), seq: number(), message: number() },
    fresh: number(),
    isLossy: number() === 1,
    isDestroyed: number() === 1,
    left: list(number),
  }
}
