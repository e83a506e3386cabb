import type * as Oyez from 'oyez'
import type * as OyezClient from 'oyez/client'
import { Random } from '../random.ts'
import { Broker } from './broker.ts'
import { Checker, type Verdicts } from './checker.ts'
import { LogArchive } from './log-archive.ts'
import { Chaos } from './chaos.ts'
import type { FakeClock } from './fake-clock.ts'
import { Journal } from './journal.ts'
import { type Link, type LinkWorld, SimSocket } from './link.ts'
import { SimClient } from './sim-client.ts'
import type { BusTrouble } from './sim-bus.ts'
import { SimNode, type NodeWorld } from './sim-node.ts'

/** The programs under test, loaded after the clock was replaced. */
export interface Product {
  readonly oyez: typeof Oyez
  readonly client: typeof OyezClient
}

export interface Outcome extends Verdicts {
  readonly seed: number
  readonly events: number
  readonly lines: readonly string[]
}

const CHAOS_MS = 12_000
const CALM_MS = 30_000

/** One simulated world: the same for the same seed, event by event. */
export class World {
  readonly #clock: FakeClock
  readonly #seed: number
  readonly #journal: Journal
  readonly #archive: LogArchive
  readonly #broker: Broker
  readonly #trouble: BusTrouble = { lostHint: 0, failedRead: 0, slowCall: 0 }
  readonly #links = new Set<Link>()
  readonly #nodes: SimNode[]
  readonly #clients: SimClient[] = []
  readonly #channels: readonly string[]
  readonly #chaos: Chaos

  constructor(
    clock: FakeClock,
    product: Product,
    { seed, isFull }: { readonly seed: number; readonly isFull: boolean },
  ) {
    this.#clock = clock
    this.#seed = seed
    const now = (): number => clock.now
    this.#journal = new Journal(now, isFull)
    this.#archive = new LogArchive(now)
    this.#broker = new Broker(clock, Random.branch(seed, 1), this.#archive)
    const shape = Random.branch(seed, 2)
    const { oyez, client } = product
    const nodeWorld: NodeWorld = {
      clock,
      random: Random.branch(seed, 3),
      broker: this.#broker,
      trouble: this.#trouble,
      BusError: oyez.BusError,
      Hub: oyez.Hub,
      buses: new Set(),
      journal: this.#journal,
      log: (words) => this.#journal.log(words),
    }
    this.#nodes = Array.from({ length: shape.whole(2, 3) }, (_, index) => new SimNode(nodeWorld, `node-${index}`))
    this.#channels = Array.from({ length: shape.whole(1, 3) }, (_, index) => `c${index}`)
    const linkWorld: LinkWorld = {
      clock,
      random: Random.branch(seed, 4),
      links: this.#links,
      proxy: (url) => this.#nodes.find(({ name }) => url.includes(name)),
    }
    class WebSocket extends SimSocket {
      constructor(url: string) {
        super(linkWorld, url)
      }
    }
    const urls = this.#nodes.map(({ name }) => `ws://${name}/connection/websocket`)
    for (let count = shape.whole(2, 5), index = 0; index < count; index++) {
      clock.after(shape.whole(0, index < 2 ? 500 : CHAOS_MS / 2), () => {
        const wanted = this.#channels.filter(() => shape.chance(0.7))
        const world = { journal: this.#journal, Client: client.Client, WebSocket, urls, now }
        this.#clients.push(new SimClient(world, `user-${index}`, wanted))
      })
    }
    this.#chaos = new Chaos({
      clock,
      random: Random.branch(seed, 5),
      broker: this.#broker,
      trouble: this.#trouble,
      nodes: this.#nodes,
      clients: this.#clients,
      channels: this.#channels,
      links: this.#links,
      journal: this.#journal,
      endsAt: clock.now + CHAOS_MS,
    })
  }

  /** Lets the world live and judges it. */
  async live(): Promise<Outcome> {
    const problems: string[] = []
    let verdicts: Verdicts = { problems: [], deliveries: 0, breaks: 0, ackedLost: 0, untold: [] }
    try {
      await this.#clock.run(CHAOS_MS)
      this.#journal.log('calm')
      this.#chaos.end()
      await this.#clock.run(CALM_MS)
      verdicts = new Checker({
        journal: this.#journal,
        archive: this.#archive,
        logs: this.#broker.master.logs,
      }).check()
      problems.push(...verdicts.problems, ...(await this.#checkLeaks()))
    } catch (error) {
      problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    const events = this.#clock.count
    return { ...verdicts, problems, seed: this.#seed, events, lines: this.#journal.lines() }
  }

  /** I14: when all clients have left, nothing is left of them; when the hubs have closed, no timer is. */
  async #checkLeaks(): Promise<string[]> {
    const problems: string[] = []
    for (const client of this.#clients) client.disconnect()
    await this.#clock.run(8_000)
    for (const { name, hub, bus } of this.#nodes) {
      if (hub === undefined || bus === undefined) return [`${name} is not up`]
      const { connections, users, subscriptions, channels, busChannels, sequencers, lagging, queuedBytes, ringBytes } =
        hub.stats()
      const left = {
        connections,
        users,
        subscriptions,
        channels,
        busChannels,
        sequencers,
        lagging,
        queuedBytes,
        ringBytes,
      }
      for (const [what, count] of Object.entries(left))
        if (count !== 0) problems.push(`${name}: ${count} ${what} are left`)
      // The one for orders between hubs stays.
      if (bus.interest.size !== 1) problems.push(`${name}: ${[...bus.interest].join()} are still subscribed`)
    }
    for (const node of this.#nodes) void node.close()
    await this.#clock.run(8_000)
    if (this.#clock.timers > 0) problems.push(`${this.#clock.timers} timers are left`)
    return problems
  }
}
