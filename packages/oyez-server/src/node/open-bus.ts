import type { Bus } from 'oyez'
import type { ServerConfig } from '../config/server-config.ts'

/** The bus that a configuration names. Each is loaded only when it is used. */
export async function openBus({ bus, redis }: ServerConfig): Promise<Bus> {
  if (bus === 'memory:') {
    const { MemoryBus } = await import('oyez/bus/memory')
    return new MemoryBus()
  }
  if (bus === 'worker:') {
    const { WorkerBus } = await import('oyez/bus/worker')
    return new WorkerBus()
  }
  const { RedisBus } = await import('oyez/bus/redis')
  return new RedisBus({ url: bus, prefix: redis.prefix, routing: redis.routing })
}
