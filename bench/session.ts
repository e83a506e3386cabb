import { setTimeout as pause } from 'node:timers/promises'
import { Child } from './child/child.ts'
import type { ServerOrders, Usage } from './child/order.ts'
import type { Crowd, GeneratorOrders, Pace } from './load/order.ts'
import type { CaseFigures } from './figures.ts'
import type { Program } from './program.ts'
import type { Redis } from './redis.ts'

/** Deliveries after which the nodes' code is taken to be warm. */
const WARM_DELIVERIES = 20_000
/** A warm-up that has not seen so many lasts at most so many times as long as it was meant to. */
const LONGEST_WARM_UP = 4

export interface SessionOptions {
  readonly program: Program
  readonly redis: Redis
  readonly kind: Crowd['kind']
  readonly connections: number
  /** Connections being opened at the same time. @default 100 */
  readonly opening?: number | undefined
  /** @default 64 */
  readonly payloadBytes?: number | undefined
  /** Where the nodes leave their CPU profiles. */
  readonly profileFolder?: string | undefined
}

/** One program with its nodes up and a crowd connected to them. */
export class Session {
  readonly #nodes: readonly Child<ServerOrders>[]
  readonly #generator: Child<GeneratorOrders>
  readonly #redis: Redis
  /** Resident memory that one connection added, bytes. */
  bytesPerConnection = 0
  /** CPU of the nodes that letting one connection in took, microseconds. */
  connectCpuUs = 0
  /** From the first connection begun to the last one confirmed. */
  openSeconds = 0

  private constructor(redis: Redis, nodes: readonly Child<ServerOrders>[]) {
    this.#redis = redis
    this.#nodes = nodes
    this.#generator = new Child('load/generator.js')
  }

  static async open(options: SessionOptions): Promise<Session> {
    const { program, redis, kind, connections, opening, payloadBytes, profileFolder } = options
    await redis.empty()
    const nodeFlags = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
    const { file, args } = program
    const nodes = Array.from({ length: program.nodes }, () => new Child<ServerOrders>(file, { args, nodeFlags }))
    const session = new Session(redis, nodes)
    try {
      const ports = await Promise.all(nodes.map(async (node) => (await node.ask('listen', redis.url)).port))
      const before = await session.#settledUsages()
      const began = performance.now()
      const { dialect } = program
      await session.#generator.ask('open', { dialect, ports, connections, kind, opening, payloadBytes })
      session.openSeconds = (performance.now() - began) / 1_000
      const after = await session.#settledUsages()
      session.bytesPerConnection = (sum(after, 'rssBytes') - sum(before, 'rssBytes')) / connections
      session.connectCpuUs = (sum(after, 'cpuUs') - sum(before, 'cpuUs')) / connections
      return session
    } catch (error) {
      await session.close()
      throw error
    }
  }

  /** Publishes for a while and measures from `warmUpMs` on. @throws when a delivery is missing at the end. */
  async measure(pace: Pace, { warmUpMs, measureMs }: { warmUpMs: number; measureMs: number }): Promise<CaseFigures> {
    await this.#generator.ask('begin', pace)
    await this.#warmUp(warmUpMs)
    const [before, nodesBefore, redisBefore] = await this.#look()
    await pause(measureMs)
    const [after, nodesAfter, redisAfter] = await this.#look()
    const { expected, delivered } = await this.#generator.ask('stop')
    if (delivered !== expected) throw new Error(`${expected - delivered} of ${expected} deliveries did not arrive`)
    const deliveries = after.deliveries - before.deliveries
    const seconds = (after.atMs - before.atMs) / 1_000
    return {
      deliveries,
      seconds,
      deliveriesPerSecond: deliveries / seconds,
      nodesCpuUs: (nodesAfter - nodesBefore) / deliveries,
      redisCpuUs: (redisAfter - redisBefore) / deliveries,
      generatorCpuUs: (after.cpuUs - before.cpuUs) / deliveries,
      generatorBusy: (after.cpuUs - before.cpuUs) / (seconds * 1_000_000),
      p50Ms: after.p50Ms,
      p99Ms: after.p99Ms,
    }
  }

  /** Adds subscribers that have stopped to read. */
  async stall(count: number): Promise<void> {
    await this.#generator.ask('stall', count)
  }

  /** Resident memory of all nodes after collecting garbage, bytes. */
  async memory(): Promise<number> {
    return sum(await this.#settledUsages(), 'rssBytes')
  }

  /** Bytes that the crowd has received so far. */
  bytesRead(): Promise<number> {
    return this.#generator.ask('bytesRead')
  }

  /** The nodes themselves, for orders that only one program understands. */
  get nodes(): readonly Child<ServerOrders>[] {
    return this.#nodes
  }

  /** CPU of all nodes while nobody says anything, microseconds a second. */
  async cpuAtRest(ms: number): Promise<number> {
    const usages = (): Promise<Usage[]> => Promise.all(this.#nodes.map((node) => node.ask('usage')))
    const [before, began] = [await usages(), performance.now()]
    await pause(ms)
    return (sum(await usages(), 'cpuUs') - sum(before, 'cpuUs')) / ((performance.now() - began) / 1_000)
  }

  async close(): Promise<void> {
    // The nodes first: their own goodbyes are of no interest, and the generator's end would be work for them.
    await Promise.all([...this.#nodes, this.#generator].map((child) => child.close()))
  }

  /** On a busy machine little happens in a given time: code that was not run often enough is not what is to be measured. */
  async #warmUp(ms: number): Promise<void> {
    const began = performance.now()
    await pause(ms)
    const seen = async (): Promise<number> => (await this.#generator.ask('sample')).deliveries
    while (performance.now() - began < LONGEST_WARM_UP * ms && (await seen()) < WARM_DELIVERIES) await pause(ms / 4)
  }

  async #look(): Promise<[Awaited<ReturnType<GeneratorOrders['sample']>>, number, number]> {
    const [sample, usages, redisUs] = await Promise.all([
      this.#generator.ask('sample'),
      Promise.all(this.#nodes.map((node) => node.ask('usage'))),
      this.#redis.cpuUs(),
    ])
    return [sample, sum(usages, 'cpuUs'), redisUs]
  }

  #settledUsages(): Promise<Usage[]> {
    return Promise.all(this.#nodes.map((node) => node.ask('settledUsage')))
  }
}

function sum(usages: readonly Usage[], key: keyof Usage): number {
  return usages.reduce((total, usage) => total + usage[key], 0)
}
