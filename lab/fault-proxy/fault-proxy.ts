import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Random } from '../random.ts'
import { Flow, type FlowFaults, NO_FAULTS } from './flow.ts'

export type Direction = 'up' | 'down'

interface Link {
  readonly near: Socket
  readonly far: Socket
  readonly flows: Readonly<Record<Direction, Flow>>
  bytes: number
  /** The connection is reset when so many bytes have gone through, both directions counted. */
  cutAt: number
}

/**
 * A TCP proxy that misbehaves on demand: it delays, slices, loses connections and pretends that there is a connection where there is none. It runs
 * in user space, so it needs no rights.
 */
export class FaultProxy {
  readonly port: number
  readonly #random: Random
  readonly #links = new Set<Link>()
  readonly #faults: Record<Direction, FlowFaults> = { up: NO_FAULTS, down: NO_FAULTS }
  #server: Server | undefined
  #targetPort: number
  #cuts = 0
  #cutAfter: (() => number) | undefined

  private constructor(server: Server, targetPort: number, random: Random) {
    this.#server = server
    this.port = (server.address() as { port: number }).port
    this.#targetPort = targetPort
    this.#random = random
    server.on('connection', (near) => this.#accept(near))
  }

  /** Listens on a free loopback port and forwards to another one. */
  static async listen(targetPort: number, random: Random): Promise<FaultProxy> {
    return new FaultProxy(await listening(0), targetPort, random)
  }

  /** Connections that it has reset so far. */
  get cuts(): number {
    return this.#cuts
  }

  /** Connections that go through it now. */
  get connections(): number {
    return this.#links.size
  }

  /** New connections go to another port. */
  retarget(port: number): void {
    this.#targetPort = port
  }

  /** Changes what happens to bytes, of present and future connections; what is left out stays. */
  set(faults: Partial<FlowFaults>, directions: readonly Direction[] = ['up', 'down']): void {
    for (const direction of directions) {
      this.#faults[direction] = { ...this.#faults[direction], ...faults }
      for (const { flows } of this.#links) flows[direction].set(this.#faults[direction])
    }
  }

  /** Every future connection is reset after a random number of bytes; `undefined` ends that. */
  cutAfter(bytes: readonly [from: number, to: number] | undefined): void {
    this.#cutAfter = bytes && (() => this.#random.whole(...bytes))
  }

  /** Resets this share of the connections (TCP RST, both sides). @returns How many. */
  reset(share = 1): number {
    let count = 0
    for (const link of this.#links) {
      if (share < 1 && !this.#random.chance(share)) continue
      this.#end(link)
      count += 1
    }
    return count
  }

  /** Nobody listens any more; present connections stay. */
  async refuse(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    server.close()
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Listens again. */
  async allow(): Promise<void> {
    if (this.#server !== undefined) return
    this.#server = await listening(this.port)
    this.#server.on('connection', (near) => this.#accept(near))
  }

  /** No more faults. */
  async heal(): Promise<void> {
    this.#cutAfter = undefined
    for (const link of this.#links) link.cutAt = Number.POSITIVE_INFINITY
    this.set(NO_FAULTS)
    await this.allow()
  }

  async close(): Promise<void> {
    await this.refuse()
    this.reset()
  }

  #accept(near: Socket): void {
    near.setNoDelay(true)
    const far = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    const count = (bytes: number): void => {
      link.bytes += bytes
      if (link.bytes >= link.cutAt) this.#end(link)
    }
    const flows = {
      up: new Flow({ from: near, to: far }, this.#random, count),
      down: new Flow({ from: far, to: near }, this.#random, count),
    }
    const link: Link = { near, far, flows, bytes: 0, cutAt: this.#cutAfter?.() ?? Number.POSITIVE_INFINITY }
    this.#links.add(link)
    flows.up.set(this.#faults.up)
    flows.down.set(this.#faults.down)
    for (const socket of [near, far]) {
      socket.on('error', () => this.#end(link))
      socket.on('close', () => {
        // After an orderly end of both halves there is nothing to reset.
        if (near.destroyed && far.destroyed) this.#forget(link)
        else if (socket.readableEnded && socket.writableFinished) (socket === near ? far : near).end()
        else this.#end(link)
      })
    }
  }

  #end(link: Link): void {
    if (!this.#links.has(link)) return
    this.#cuts += 1
    this.#forget(link)
    for (const socket of [link.near, link.far]) {
      if (socket.connecting) socket.destroy()
      else socket.resetAndDestroy()
    }
  }

  #forget(link: Link): void {
    link.flows.up.stop()
    link.flows.down.stop()
    this.#links.delete(link)
  }
}

function listening(port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
