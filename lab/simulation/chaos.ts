import type { Random } from '../random.ts'
import type { Broker } from './broker.ts'
import type { FakeClock } from './fake-clock.ts'
import type { Journal, Sent } from './journal.ts'
import type { Link } from './link.ts'
import type { BusTrouble } from './sim-bus.ts'
import type { SimClient } from './sim-client.ts'
import type { SimNode } from './sim-node.ts'

export interface ChaosWorld {
  readonly clock: FakeClock
  readonly random: Random
  readonly broker: Broker
  readonly trouble: BusTrouble
  readonly nodes: readonly SimNode[]
  readonly clients: readonly SimClient[]
  readonly channels: readonly string[]
  readonly links: ReadonlySet<Link>
  readonly journal: Journal
  readonly endsAt: number
}

/** Makes a simulated world busy and goes wrong in it, until it is told to end. Each world has its own mixture of faults. */
export class Chaos {
  readonly #world: ChaosWorld
  readonly #faults: readonly (() => void)[]
  #serverMessages = 0
  #isOver = false

  constructor(world: ChaosWorld) {
    this.#world = world
    const { random, trouble } = world
    this.#faults = this.#allFaults().filter(() => random.chance(0.4))
    if (random.chance(0.6)) trouble.lostHint = random.next() * 0.2
    if (random.chance(0.4)) trouble.failedRead = random.next() * 0.2
    if (random.chance(0.5)) trouble.slowCall = random.next() * 0.1
    this.#again(random.whole(40, 400), () => this.#publish())
    this.#again(random.whole(500, 4_000), () => {
      if (this.#faults.length > 0) random.pick(this.#faults)()
    })
  }

  /** No more faults; what is broken is mended. */
  end(): void {
    const { trouble, links, nodes } = this.#world
    this.#isOver = true
    Object.assign(trouble, { lostHint: 0, failedRead: 0, slowCall: 0 })
    for (const link of links) link.unstall()
    for (const { bus } of nodes) bus?.leaveStale()
  }

  #again(everyMs: number, work: () => void): void {
    const { clock, random } = this.#world
    clock.after(random.next() * 2 * everyMs, () => {
      if (this.#isOver) return
      work()
      this.#again(everyMs, work)
    })
  }

  #publish(): void {
    const { random, clients, channels } = this.#world
    for (let count = random.chance(0.1) ? random.whole(5, 25) : 1; count > 0; count--) {
      if (random.chance(0.25)) this.#publishFromServer()
      else if (clients.length > 0) random.pick(clients).publish(random.pick(channels))
    }
  }

  #publishFromServer(): void {
    const { random, nodes, clients, channels, journal } = this.#world
    const { hub, name } = random.pick(nodes)
    if (hub === undefined || clients.length === 0) return
    const number = ++this.#serverMessages
    const user = random.chance(0.4) ? random.pick(clients).name : undefined
    const channel = user === undefined ? random.pick(channels) : `#${user}`
    const text = `${name}/${channel}/${number}`
    const sent: Sent = { publisher: name, isOrdered: false, channel, number, text, outcome: undefined }
    journal.sent.push(sent)
    const published = user === undefined ? hub.publish(channel, { text }) : hub.sendToUser(user, { text })
    published.then(
      (position) => (sent.outcome = { kind: 'stored', position }),
      (error: { readonly code?: string }) => {
        // A hub that is killed says so to nobody: its program is gone, too.
        const isCertain = error.code === 'bus-unavailable' || error.code === 'bus-refused'
        sent.outcome = { kind: 'failed', code: isCertain ? error.code : 'uncertain' }
      },
    )
  }

  #allFaults(): (() => void)[] {
    const { clock, random, broker, nodes, clients, channels, links, journal } = this.#world
    const say = (words: string): void => journal.log(`fault: ${words}`)
    const aLink = (words: string, work: (link: Link) => void) => () => {
      if (links.size === 0) return
      say(words)
      work(random.pick([...links]))
    }
    const aChannel = (words: string, work: (channel: string) => void) => () => {
      const channel = random.pick(channels)
      say(`${words} ${channel}`)
      work(channel)
    }
    return [
      aLink('a connection is cut', (link) => link.cut()),
      aLink('a connection goes silent', (link) => link.goSilent()),
      aLink('a client does not read for a while', (link) => {
        link.stall()
        clock.after(random.whole(500, 8_000), () => link.unstall())
      }),
      () => random.pick(nodes).kill(),
      () => random.pick(nodes).bus?.cut(),
      () => {
        say('failover without loss')
        broker.failOver(false)
      },
      () => {
        say(`failover that may lose ${broker.master.behind} writes`)
        broker.failOver(true)
      },
      () => {
        say('partition')
        broker.partition()
        for (const { bus } of nodes) {
          const leave = (): void => bus?.leaveStale()
          if (random.chance(0.4)) leave()
          else clock.after(random.whole(200, 5_000), leave)
        }
      },
      () => {
        say('snapshot')
        broker.saveSnapshot()
        clock.after(random.whole(500, 6_000), () => {
          if (this.#isOver) return
          say('restart from the snapshot')
          broker.restart('snapshot')
        })
      },
      () => {
        say('restart with all data')
        broker.restart('all')
      },
      () => {
        say('restart empty')
        broker.restart('nothing')
      },
      aChannel('somebody deletes the log of', (channel) => broker.lose(channel)),
      aChannel('all records are old in', (channel) => broker.master.expire(channel)),
      () => {
        if (clients.length > 0) random.pick(clients).resubscribe(random.pick(channels))
      },
    ]
  }
}
