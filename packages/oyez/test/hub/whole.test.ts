import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  FakeClient,
  REQUEST,
  type Seen,
  type SeenPublication,
  type SeenSubscription,
  type TestNode,
  turn,
  useHubs,
} from './hub-fixture.ts'

const hubs = useHubs()

/** A client that believes nothing: it follows its position and compares every publication with what was published there. */
class Sceptic {
  #client: FakeClient | undefined
  #read = 0
  #subscribeId = 0
  #isSubscribed = false
  #position: { epoch: string; offset: number } | undefined
  readonly #truth: ReadonlyMap<number, number>

  constructor(truth: ReadonlyMap<number, number>) {
    this.#truth = truth
  }

  get offset(): number | undefined {
    return this.#isSubscribed ? this.#position?.offset : undefined
  }

  connect(node: TestNode): void {
    this.#client?.transport.hangUp()
    this.#client = new FakeClient()
    this.#read = 0
    this.#isSubscribed = false
    node.hub.accept(this.#client.transport, REQUEST)
    this.#client.send({ connect: { oyez_ext: 1 } })
    this.subscribe()
  }

  subscribe(): void {
    this.look()
    if (this.#isSubscribed || this.#subscribeId > 0) return
    this.#subscribeId =
      this.#client?.send({
        subscribe: { channel: 'news', ...(this.#position === undefined ? {} : { recover: true, ...this.#position }) },
      }) ?? 0
  }

  unsubscribe(): void {
    this.look()
    if (!this.#isSubscribed) return
    this.#isSubscribed = false
    this.#client?.send({ unsubscribe: { channel: 'news' } })
    // What was under way before it counts.
    this.look()
  }

  stall(): void {
    this.#client?.transport.stall()
  }

  drain(): void {
    this.#client?.transport.drain()
  }

  /** Takes what has come, message by message. */
  look(): void {
    const { seen = [] } = this.#client ?? {}
    for (const message of seen.slice(this.#read)) this.#take(message)
    this.#read = seen.length
  }

  forget(): void {
    this.#subscribeId = 0
  }

  #take({ id, error, subscribe, push }: Seen): void {
    if (id !== undefined && id === this.#subscribeId) {
      this.#subscribeId = 0
      if (error === undefined) this.#begin(subscribe ?? {})
    } else if (push?.pub !== undefined) {
      if (this.#isSubscribed) this.#next(push.pub)
    } else if (push?.oyez_break !== undefined && this.#isSubscribed) {
      const { last, next } = push.oyez_break
      expect(last).toEqual(this.#position)
      this.#position = next
    }
    expect(push?.unsubscribe).toBeUndefined()
  }

  #begin(result: SeenSubscription): void {
    const { epoch = '', offset = 0, recovered = false, publications = [] } = result
    if (recovered) expect(offset).toBe(this.#position?.offset)
    else if (this.#position !== undefined) expect(result.oyez_break?.last).toEqual(this.#position)
    this.#position = { epoch, offset }
    this.#isSubscribed = true
    for (const publication of publications) this.#next(publication)
  }

  #next({ offset = 0, data }: SeenPublication): void {
    const { epoch, offset: before } = this.#position ?? { epoch: '', offset: 0 }
    expect(offset).toBe(before + 1)
    expect(data).toBe(`${this.#truth.get(offset)}${PAD}`)
    this.#position = { epoch, offset }
  }
}

const PAD = 'x'.repeat(200)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 12 }),
      at: fc.nat(1),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'reconnect' as const,
        'subscribe' as const,
        'unsubscribe' as const,
        'stall' as const,
        'drain' as const,
      ),
      who: fc.nat(3),
      at: fc.nat(1),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'drop' as const,
        'hold' as const,
        'deliver' as const,
        'gap' as const,
        'down' as const,
        'up' as const,
        'failRead' as const,
      ),
      at: fc.nat(1),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('turn' as const), count: fc.integer({ min: 1, max: 3 }) }) },
)

test('whatever clients, hints and the bus do: everybody gets the log, in order, once, or is told where it broke', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const options = {
        limits: { highWaterBytes: 1_500, maxPublicationsPerReply: 5, ringBytes: 4_000 },
        channels: { defaults: { historySize: 12 } },
        times: { lingerMs: 1, pingIntervalMs: 60_000, auditIntervalMs: 1 },
      }
      const nodes = [await hubs.node(options), await hubs.node(options)]
      const truth = new Map<number, number>()
      const clients = Array.from({ length: 4 }, () => new Sceptic(truth))
      for (const [index, client] of clients.entries()) client.connect(nodes[index % 2] as TestNode)
      let published = 0
      const publish = (node: TestNode): Promise<void> => {
        const text = ++published
        return node.hub.publish('news', `${text}${PAD}`).then(
          (position) => void truth.set(position?.offset ?? 0, text),
          () => undefined,
        )
      }
      for (const one of steps) {
        const node = nodes['at' in one ? one.at : 0] as TestNode
        switch (one.do) {
          case 'publish':
            await Promise.all(Array.from({ length: one.count }, () => publish(node)))
            break
          case 'reconnect':
            clients[one.who]?.look()
            clients[one.who]?.forget()
            clients[one.who]?.connect(node)
            break
          case 'subscribe':
          case 'unsubscribe':
          case 'stall':
          case 'drain':
            clients[one.who]?.[one.do]()
            break
          case 'drop':
            node.bus.dropHints(({ position }) => (position?.offset ?? 0) % 3 === 0)
            break
          case 'hold':
            node.bus.holdHints()
            break
          case 'deliver':
            node.bus.dropNone()
            node.bus.releaseHints()
            break
          case 'gap':
            node.bus.gap()
            break
          case 'down':
            node.bus.goDown()
            break
          case 'up':
            node.bus.comeUp()
            break
          case 'failRead':
            node.bus.failNext('read')
            break
          case 'turn':
            for (let n = 0; n < one.count; n++) await turn()
        }
        for (const client of clients) client.look()
      }
      // All faults end; a bus that lost hints says so. Everybody must reach the head.
      for (const { bus } of nodes) {
        bus.dropNone()
        bus.releaseHints()
        bus.comeUp()
        bus.gap()
      }
      await publish(nodes[0] as TestNode)
      const head = Math.max(...truth.keys())
      const isThere = (): boolean => {
        for (const client of clients) {
          client.look()
          client.drain()
          client.subscribe()
        }
        return clients.every(({ offset }) => offset === head)
      }
      for (let turns = 0; !isThere(); turns++) {
        if (turns > 4_000) throw new Error(`stuck at ${clients.map(({ offset }) => offset).join(', ')} below ${head}`)
        // A read that was still to fail is tried again at once, and not by the periodic retry, which would take a second.
        if (turns % 20 === 0) for (const { bus } of nodes) bus.gap()
        await turn()
      }
      for (const node of nodes) await node.close()
    }),
    { numRuns: 60, endOnFailure: true },
  )
}, 60_000)
