import type { Random } from '../random.ts'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { RedisProcess } from './redis-process.ts'
import type { Setup } from './setup.ts'

/** What stands behind the nodes: the processes that keep the logs. */
export interface Store {
  /** What a node is told. @param node - Index of the node. */
  busUrl(node: number): string
  /** Ports of the masters, where the logs are read; empty when the logs are in the nodes themselves. */
  masters(): Promise<readonly number[]>
  close(): Promise<void>
}

/** One Redis, with a fault proxy between it and each node. */
export class SingleRedis implements Store {
  readonly redis: RedisProcess
  readonly proxies: readonly FaultProxy[]

  private constructor(redis: RedisProcess, proxies: readonly FaultProxy[]) {
    this.redis = redis
    this.proxies = proxies
  }

  static async start(setup: Setup, directory: string, random: Random): Promise<SingleRedis> {
    const persistence = setup.store === 'redis-aof' ? 'aof' : setup.store === 'redis-rdb' ? 'rdb' : 'none'
    const redis = await RedisProcess.start({ name: 'redis', directory, persistence })
    const nodes = Array.from({ length: setup.nodes })
    return new SingleRedis(redis, await Promise.all(nodes.map(() => FaultProxy.listen(redis.port, random))))
  }

  busUrl(node: number): string {
    return `redis://127.0.0.1:${this.proxies[node]?.port}`
  }

  masters(): Promise<readonly number[]> {
    return Promise.resolve([this.redis.port])
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()))
    await this.redis.kill()
  }
}

/** The primary process of the workers keeps the logs. */
export class WorkerStore implements Store {
  busUrl(): string {
    return 'worker:'
  }

  masters(): Promise<readonly number[]> {
    return Promise.resolve([])
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
