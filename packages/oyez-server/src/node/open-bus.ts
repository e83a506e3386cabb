import { readFileSync } from 'node:fs'
import type { Bus } from 'oyez'
import type { RedisSettings, ServerConfig } from '../config/server-config.ts'
import { UserError } from '../user-error.ts'

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
  try {
    return RedisBus.fromUrl(bus, { prefix: redis.prefix, routing: redis.routing, tls: tlsOf(redis) })
  } catch (error) {
    // The library finds mistakes in what it is given; here they are the user's.
    if (error instanceof TypeError) throw new UserError(`bus: ${error.message}`, { cause: error })
    throw error
  }
}

function tlsOf({ ca, cert, key, servername }: RedisSettings) {
  const given = { ca: ca && contentOf(ca), cert: cert && contentOf(cert), key: key && contentOf(key), servername }
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return Object.keys(said).length === 0 ? undefined : said
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`redis: the file ${file} cannot be read`, { cause: error })
  }
}
