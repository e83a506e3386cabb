import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ActorOrder, Head } from '../actor/actor-messages.ts'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { Random } from '../random.ts'
import { LogReader, type LogState } from '../redis/log-reader.ts'
import { ActorProcess } from './actor-process.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import type { EventLog } from './event-log.ts'
import { NodeProcess } from './node-process.ts'
import { openStore } from './open-store.ts'
import type { Setup } from './setup.ts'
import type { Store } from './store.ts'
import { freePort, until } from './until.ts'

/** Acknowledgements that every publisher must get in every busy channel before a fault counts as over. */
const FLOW = 2
const FLOW_MS = 60_000

/** Everything that runs for one scenario: the store, the nodes, what is before them, and the actors. */
export class Deployment {
  readonly setup: Setup
  readonly directory: string
  readonly eventLog: EventLog
  readonly store: Store
  readonly nodes: readonly NodeProcess[]
  /** One before each node. */
  readonly proxies: readonly FaultProxy[]
  readonly balancer: Balancer | undefined
  readonly busy: readonly string[]
  readonly still: readonly string[]
  readonly idle: readonly string[] = ['lab:idle-1', 'lab:idle-2']
  publisher!: ActorProcess
  subscriberProcesses: readonly ActorProcess[] = []

  private constructor(parts: {
    setup: Setup
    directory: string
    eventLog: EventLog
    store: Store
    nodes: readonly NodeProcess[]
    proxies: readonly FaultProxy[]
    balancer: Balancer | undefined
  }) {
    this.setup = parts.setup
    this.directory = parts.directory
    this.eventLog = parts.eventLog
    this.store = parts.store
    this.nodes = parts.nodes
    this.proxies = parts.proxies
    this.balancer = parts.balancer
    this.busy = Array.from({ length: parts.setup.busy }, (_, i) => `lab:busy-${i + 1}`)
    this.still = Array.from({ length: parts.setup.still }, (_, i) => `lab:still-${i + 1}`)
  }

  /** Starts everything but the actors. */
  static async open(setup: Setup, place: { directory: string; eventLog: EventLog; seed: number }): Promise<Deployment> {
    const { directory, eventLog, seed } = place
    await mkdir(directory, { recursive: true })
    const config = join(directory, 'oyez.yaml')
    await writeFile(
      config,
      `channels:\n  defaults:\n    history_size: ${setup.historySize}\n    history_ttl: 2h\ndrain: 3s\nlog: json\n`,
    )
    const random = Random.branch(seed, -1)
    const store = await openStore(setup, directory, random)
    const nodes: NodeProcess[] = []
    const proxies: FaultProxy[] = []
    for (let index = 0; index < setup.nodes; index++) {
      const port = await freePort()
      const name = `node-${index + 1}`
      const workers = setup.store === 'worker' ? 3 : undefined
      const { mutant, historySize } = setup
      nodes.push(new NodeProcess({ name, port, bus: store.busUrl(index), config, workers, mutant, historySize }))
      proxies.push(await FaultProxy.listen(port, random))
    }
    await Promise.all(nodes.map((node) => node.start()))
    const ports = nodes.map((node) => node.setup.port)
    const balancer = setup.front === 'proxies' ? undefined : await startBalancer(setup.front, { ports, directory })
    return new Deployment({ setup, directory, eventLog, store, nodes, proxies, balancer })
  }

  get channels(): readonly string[] {
    return [...this.busy, ...this.still, ...this.idle]
  }

  get urls(): readonly string[] {
    const ports = this.balancer === undefined ? this.proxies.map(({ port }) => port) : [this.balancer.port]
    return ports.map((port) => `ws://127.0.0.1:${port}/connection/websocket`)
  }

  node(step: { readonly node?: number }): NodeProcess {
    return this.nodes[(step.node ?? 0) % this.nodes.length] as NodeProcess
  }

  /** Starts publishers and subscribers; resolves when all are subscribed and every channel has had its first words. */
  async startActors(): Promise<void> {
    const { urls, busy, still, idle, directory, channels } = this
    const { publishers, subscribers, centrifuges, subscriberProcesses, perSecond, stillEveryMs, payloadBytes } =
      this.setup
    const names = (kind: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${kind}-${i + 1}`)
    const journal = (name: string): string => join(directory, `${name}.jsonl`)
    const cookie = this.balancer?.cookie
    const starts: Promise<ActorProcess>[] = []
    for (let index = 0; index < subscriberProcesses; index++) {
      const all = names('oyez', subscribers)
      const options = {
        journal: journal(`subscribers-${index + 1}`),
        urls,
        names: all.filter((_, i) => i % subscriberProcesses === index),
        client: 'oyez' as const,
        channels,
        cookie,
      }
      starts.push(ActorProcess.start('subscriber', `subscribers-${index + 1}`, { directory, options }))
    }
    if (centrifuges > 0) {
      const client = 'centrifuge' as const
      const options = {
        journal: journal('guests'),
        urls,
        names: names('centrifuge', centrifuges),
        client,
        channels,
        cookie,
      }
      starts.push(ActorProcess.start('subscriber', 'centrifuge-clients', { directory, options }))
    }
    this.subscriberProcesses = await Promise.all(starts)
    const options = {
      journal: journal('publishers'),
      urls,
      names: names('publisher', publishers),
      busy,
      perSecond,
      still,
      idle,
      stillEveryMs,
      payloadBytes,
      cookie,
    }
    this.publisher = await ActorProcess.start('publisher', 'publishers', { directory, options })
    await this.tell({ order: 'start' })
    await this.publisher.ask({ order: 'start' })
    if (this.setup.firstWords) await this.publisher.ask({ order: 'last-words' })
  }

  /** Tells every subscriberProcess. @returns What each answered. */
  tell(order: ActorOrder): Promise<readonly { value: number; detail?: string }[]> {
    return Promise.all(this.subscriberProcesses.map((subscriberProcess) => subscriberProcess.ask(order)))
  }

  /** Waits until every publisher gets messages through again. @returns After how many milliseconds. */
  flow(): Promise<number> {
    const before = this.publisher.acked
    return until(
      'every publisher gets its messages through',
      () => {
        if (this.publisher.ended) throw new Error('the publishers ended')
        return this.publisher.acked.every((acked, index) => acked >= (before[index] ?? 0) + FLOW)
      },
      FLOW_MS,
    )
  }

  /** Subscriptions that are live now. */
  get live(): number {
    return this.subscriberProcesses.reduce((sum, { live }) => sum + live, 0)
  }

  /** Waits until every subscription is live. */
  async assembled(): Promise<number> {
    const { subscribers, centrifuges } = this.setup
    const all = (subscribers + centrifuges) * this.channels.length
    return until('every subscription is live', () => this.live === all, FLOW_MS)
  }

  /** The logs as they stand; empty when nobody but a node has them. */
  async states(): Promise<readonly LogState[]> {
    const ports = await this.store.masters()
    if (ports.length === 0) return []
    const reader = await LogReader.open(ports)
    try {
      return await reader.states(this.channels)
    } finally {
      reader.close()
    }
  }

  /** Newest position of every channel. */
  async heads(): Promise<readonly Head[]> {
    const states = await this.states()
    if (states.length > 0) {
      return states.map(({ channel, incarnation, term, top }) => ({
        channel,
        epoch: `${incarnation}.${term}`,
        offset: top,
      }))
    }
    const node = this.node({})
    return Promise.all(
      this.channels.map(async (channel) => {
        const { epoch, offset } = (await node.api('history', { channel, limit: 0 })) as Head
        return { channel, epoch, offset }
      }),
    )
  }

  async close(): Promise<void> {
    const actors: readonly (ActorProcess | undefined)[] = [...this.subscriberProcesses, this.publisher]
    for (const actor of actors) await actor?.kill()
    await this.balancer?.close()
    await Promise.all(this.proxies.map((proxy) => proxy.close()))
    await Promise.all(this.nodes.map((node) => node.kill()))
    await this.store.close()
  }
}
