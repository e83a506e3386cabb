import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Centrifuge } from 'centrifuge'
import { Client, type WebSocketConstructor } from 'oyez/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RedisServer } from '../../../oyez/test/fixture/redis-server.ts'
import { type Affinity, balancerConfig } from '../../src/lb/balancer.ts'
import type { Balancer } from '../fixture/balancer-process.ts'
import { browserSocket, CookieJar } from '../fixture/browser-socket.ts'
import { freePort, waitFor } from '../fixture/free-port.ts'
import { startHaproxy } from '../fixture/haproxy.ts'
import { startNginx } from '../fixture/nginx.ts'
import { OyezNode } from '../fixture/oyez-node.ts'

/** Enough clients that "all on one node by chance" does not happen (1 in 3^39). */
const STRANGERS = 40
const MESSAGES = 300
const KILL_AT = 100

const STARTERS = { nginx: startNginx, haproxy: startHaproxy }

/** A client's own way to the load balancer: its cookies and its address. */
interface Traveller {
  readonly jar: CookieJar
  readonly localAddress: string
}

const directory = mkdtempSync(join(tmpdir(), 'oyez-lb-'))
const configFile = join(directory, 'oyez.yaml')
// The publisher goes on at full speed while the readers look for another node: everything must still be in the log when they are back.
writeFileSync(configFile, 'channels: { namespaces: { room: { history_size: 1000 } } }\n')

let redis: RedisServer
const nodes = new Map<string, OyezNode>()

beforeAll(async () => {
  redis = await RedisServer.start()
  await Promise.all(['n1', 'n2', 'n3'].map(async (name) => startNode(name, await freePort())))
})

afterAll(async () => {
  await Promise.all([...nodes.values()].map((node) => node.kill()))
  await redis.cleanup()
  rmSync(directory, { recursive: true })
})

async function startNode(name: string, port: number): Promise<void> {
  nodes.set(name, await OyezNode.start({ name, port, bus: redis.url, args: ['--config', configFile] }))
}

function nodeNamed(name: string): OyezNode {
  const node = nodes.get(name)
  if (node === undefined) throw new Error(`no node ${name}`)
  return node
}

/** Kills a node like a power cut; the function that is returned starts it again. */
async function killNode(name: string): Promise<() => Promise<void>> {
  const { port } = nodeNamed(name)
  await nodeNamed(name).kill()
  return () => startNode(name, port)
}

let addresses = 0
function stranger(): Traveller {
  addresses += 1
  // nginx hashes the first three numbers of an address, so strangers differ in the third. All of 127.0.0.0/8 is this machine.
  return { jar: new CookieJar(), localAddress: `127.1.${addresses % 250}.1` }
}

function socketOf({ jar, localAddress }: Traveller): WebSocketConstructor {
  return browserSocket(jar, localAddress)
}

/** Connects once and says which node it was. */
async function visit(url: string, traveller: Traveller): Promise<string> {
  const client = new Client(url, { WebSocket: socketOf(traveller) })
  const node = new Promise<string>((resolve) => client.on('connected', (event) => resolve(event.node)))
  client.connect()
  const name = await node
  client.disconnect()
  return name
}

describe.each(['nginx', 'haproxy'] as const)('%s', (kind) => {
  describe.each(['cookie', 'ip', 'none'] satisfies Affinity[])('with affinity %s', (affinity) => {
    let balancer: Balancer

    beforeAll(async () => {
      const port = await freePort()
      const addressesOfNodes = ['n1', 'n2', 'n3'].map((name) => `127.0.0.1:${nodeNamed(name).port}`)
      const config = balancerConfig(kind, { nodes: addressesOfNodes, affinity, listen: `127.0.0.1:${port}` })
      balancer = await STARTERS[kind](config, port)
    })
    afterAll(() => balancer.stop())

    if (affinity !== 'none') {
      it('the same client comes back to the same node', async () => {
        const traveller = stranger()
        const first = await visit(balancer.websocketUrl, traveller)
        for (let visits = 0; visits < 6; visits += 1) expect(await visit(balancer.websocketUrl, traveller)).toBe(first)
      })
    }

    it('other clients are spread over the nodes', async () => {
      const seen = new Set<string>()
      for (let count = 0; count < STRANGERS; count += 1) seen.add(await visit(balancer.websocketUrl, stranger()))
      expect(seen.size).toBe(3)
    })

    it('when the node is killed, its clients go on elsewhere and miss nothing', async () => {
      const alice = stranger()
      // Bob is where Alice is, so that publisher and reader both lose their node.
      const bob = affinity === 'none' ? stranger() : { ...alice, jar: new CookieJar() }
      // Each client has a jar of its own: after the kill all three look for another node at once, and the last answer would decide for all.
      const foreign = { ...bob, jar: new CookieJar() }
      const scene = new Scene(balancer.websocketUrl, `room:${kind}-${affinity}`)
      await scene.begin({ reader: bob, foreign, publisher: alice })
      const { readerNode } = scene
      const staleCookie = bob.jar.header

      const publishing = scene.publish()
      await waitFor(() => scene.received.length >= KILL_AT)
      const restart = await killNode(readerNode)
      try {
        await publishing
        await waitFor(() => scene.received.length >= MESSAGES && scene.foreignReceived.length >= MESSAGES)

        const expected = Array.from({ length: MESSAGES }, (_, index) => index)
        expect(scene.received).toEqual(expected)
        expect(scene.foreignReceived).toEqual(expected)
        expect(scene.breaks).toEqual([])
        expect(scene.readerNode).not.toBe(readerNode)
        if (affinity === 'cookie') {
          expect(staleCookie).toContain(readerNode)
          // The cookie was renewed: the client stays with the node that took over.
          expect(bob.jar.header).toContain(scene.readerNode)
          expect(await visit(balancer.websocketUrl, bob)).toBe(scene.readerNode)
        }
      } finally {
        // Whatever was found out: the tests that follow need all three nodes.
        scene.end()
        await restart()
      }
    })
  })
})

/** A reader with oyez's client, one with the official client of Centrifugo, and a publisher, all behind the load balancer. */
class Scene {
  readonly received: unknown[] = []
  readonly foreignReceived: unknown[] = []
  readonly breaks: unknown[] = []
  readerNode = ''
  readonly #url: string
  readonly #channel: string
  readonly #ends: (() => void)[] = []
  #publisher: Client | undefined

  constructor(url: string, channel: string) {
    this.#url = url
    this.#channel = channel
  }

  async begin(who: { reader: Traveller; foreign: Traveller; publisher: Traveller }): Promise<void> {
    // The publisher first: it gets the cookie that the others come with.
    this.#publisher = await this.#connected(who.publisher)
    const cookie = who.publisher.jar.header
    if (cookie !== undefined) for (const { jar } of [who.reader, who.foreign]) jar.take([cookie])
    await this.#read(who.reader)
    await this.#readForeign(who.foreign)
  }

  /** Publishes all messages, each once, in order; a few at a time, so that a kill finds some on their way. */
  async publish(): Promise<void> {
    const publisher = this.#publisher
    if (publisher === undefined) throw new Error('begin first')
    for (let next = 0; next < MESSAGES; next += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => publisher.publish(this.#channel, next + index)))
    }
  }

  end(): void {
    for (const end of this.#ends) end()
  }

  async #connected(traveller: Traveller): Promise<Client> {
    const client = new Client(this.#url, { WebSocket: socketOf(traveller) })
    this.#ends.push(() => client.disconnect())
    client.connect()
    await client.ready(10_000)
    return client
  }

  async #read(traveller: Traveller): Promise<void> {
    const client = new Client(this.#url, { WebSocket: socketOf(traveller) })
    this.#ends.push(() => client.disconnect())
    client.on('connected', ({ node }) => (this.readerNode = node))
    const subscription = client.subscription(this.#channel)
    subscription.on('publication', ({ data }) => this.received.push(data))
    subscription.on('break', (event) => this.breaks.push(event))
    subscription.subscribe()
    client.connect()
    await waitFor(() => subscription.state === 'subscribed')
  }

  async #readForeign(traveller: Traveller): Promise<void> {
    const centrifuge = new Centrifuge(this.#url, { websocket: socketOf(traveller), minReconnectDelay: 100 })
    this.#ends.push(() => centrifuge.disconnect())
    const subscription = centrifuge.newSubscription(this.#channel)
    subscription.on('publication', ({ data }) => this.foreignReceived.push(data))
    subscription.on('subscribed', ({ wasRecovering, recovered }) => {
      if (wasRecovering && !recovered) this.breaks.push('the foreign client was not recovered')
    })
    subscription.subscribe()
    centrifuge.connect()
    await subscription.ready(10_000)
  }
}
