import type { Hub, HubOptions } from 'oyez'
import type { Broker } from './broker.ts'
import type { Journal } from './journal.ts'
import type { Door, Link } from './link.ts'
import { type BusWorld, SimBus } from './sim-bus.ts'

export interface NodeWorld extends BusWorld {
  readonly broker: Broker
  readonly journal: Journal
  readonly Hub: typeof Hub
}

/** Small, so that a world of a minute sees every limit at work. */
const OPTIONS: Omit<HubOptions, 'bus'> = {
  channels: { defaults: { publish: 'anyone', historySize: 30, historyTtlMs: 3_600_000 } },
  limits: { highWaterBytes: 1_500, maxPublicationsPerReply: 5 },
  times: { pingIntervalMs: 4_000, pongTimeoutMs: 2_000, lingerMs: 1_000, auditIntervalMs: 2_000 },
}

/** One simulated process: the real hub on a simulated bus. It can be killed and comes back as another one. */
export class SimNode implements Door {
  readonly name: string
  readonly #world: NodeWorld
  readonly #links = new Set<Link>()
  #hub: Hub | undefined
  #bus: SimBus | undefined
  #isWanted = true

  constructor(world: NodeWorld, name: string) {
    this.#world = world
    this.name = name
    this.#start()
  }

  get hub(): Hub | undefined {
    return this.#hub
  }

  get bus(): SimBus | undefined {
    return this.#bus
  }

  open(link: Link, request: Parameters<Hub['accept']>[1]): boolean {
    if (this.#hub === undefined) return false
    this.#links.add(link)
    this.#hub.accept(link, request)
    return true
  }

  /** The process dies without a word, and is started again. */
  kill(): void {
    const { clock, random, journal } = this.#world
    if (this.#hub === undefined) return
    journal.log(`${this.name} is killed`)
    for (const link of this.#links) link.cut()
    this.#links.clear()
    void this.#bus?.close()
    // Only so that the dead hub's timers do not go on; nobody hears it any more.
    void this.#hub.close()
    this.#hub = undefined
    this.#bus = undefined
    clock.after(random.whole(200, 4_000), () => this.#start())
  }

  /** The process ends in order: its clients are sent away. */
  close(): Promise<void> {
    this.#isWanted = false
    return this.#hub?.close() ?? Promise.resolve()
  }

  #start(): void {
    if (!this.#isWanted || this.#hub !== undefined) return
    const { Hub, journal, clock } = this.#world
    const bus = new SimBus(this.#world, this.name)
    const hub = new Hub({
      ...OPTIONS,
      bus,
      nodeName: this.name,
      authenticate: ({ token }) => ({ userId: token }),
    })
    hub.start().then(
      () => {
        if (!this.#isWanted) return hub.close()
        journal.log(`${this.name} is up`)
        this.#hub = hub
        this.#bus = bus
        return undefined
      },
      () => {
        clock.after(500, () => this.#start())
        return undefined
      },
    )
  }
}
