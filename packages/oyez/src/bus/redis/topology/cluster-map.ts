import { addressOf, type Endpoint } from '../options.ts'
import { partitionOfSlot, PARTITIONS } from './partition.ts'

/** Who has which partition, as one node of a Cluster sees it. */
export interface ClusterMap {
  /** The master of each partition; `undefined` where nobody has its slot. */
  readonly owners: readonly (Endpoint | undefined)[]
  /** All nodes that it names, replicas included: they can be asked later. */
  readonly nodes: readonly Endpoint[]
}

/** What one node of a Cluster says about it. */
export interface ClusterOpinion {
  readonly map: ClusterMap
  /** Counts the changes that were agreed on: of two nodes, the one with the higher number knows more. */
  readonly epoch: number
  /** It takes part in a working Cluster. */
  readonly isOk: boolean
}

/** Reads the answers of CLUSTER SLOTS and CLUSTER INFO. `asked` stands for a node that does not know its own address. */
export function parseOpinion(slots: unknown, info: unknown, asked: Endpoint): ClusterOpinion | undefined {
  if (!Array.isArray(slots)) return undefined
  const owners: (Endpoint | undefined)[] = Array.from({ length: PARTITIONS })
  const nodes = new Map<string, Endpoint>()
  for (const range of slots as readonly unknown[]) {
    if (!Array.isArray(range)) continue
    const [first, last, ...members] = range as readonly unknown[]
    const endpoints = members.map((member) => endpointOf(member, asked))
    for (const endpoint of endpoints) if (endpoint !== undefined) nodes.set(addressOf(endpoint), endpoint)
    for (let slot = Math.max(0, Number(first)); slot <= Math.min(16_383, Number(last)); slot++) {
      const partition = partitionOfSlot(slot)
      if (partition !== undefined) owners[partition] = endpoints[0]
    }
  }
  const text = typeof info === 'string' ? info : ''
  const epoch = Number(/^cluster_current_epoch:(\d+)/m.exec(text)?.[1] ?? 0)
  return { map: { owners, nodes: [...nodes.values()] }, epoch, isOk: text.includes('cluster_state:ok') }
}

/** Of several opinions, the one to follow. */
export function bestOpinion(opinions: readonly ClusterOpinion[]): ClusterOpinion | undefined {
  let best: ClusterOpinion | undefined
  for (const opinion of opinions) if (best === undefined || knowsMore(opinion, best)) best = opinion
  return best
}

function knowsMore(one: ClusterOpinion, other: ClusterOpinion): boolean {
  return one.isOk === other.isOk ? one.epoch > other.epoch : one.isOk
}

/** Where MOVED and ASK send a call: `MOVED 1234 127.0.0.1:6381`; without a host it is the one that was asked. */
export function redirectOf(message: string, asked: Endpoint | undefined): Endpoint | undefined {
  const match = /\b(?:MOVED|ASK) \d+ (\S*):(\d{1,5})/.exec(message)
  const host = match?.[1] === '' || match?.[1] === '?' ? asked?.host : match?.[1]
  return host === undefined ? undefined : { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(match?.[2]) }
}

function endpointOf(member: unknown, asked: Endpoint): Endpoint | undefined {
  if (!Array.isArray(member)) return undefined
  const [said, port] = member as readonly unknown[]
  const host = typeof said === 'string' && said !== '' ? said : asked.host
  const number = Number(port)
  return host === '?' || !(number >= 1 && number <= 65_535) ? undefined : { host, port: number }
}
