import { setTimeout as sleep } from 'node:timers/promises'
import { BusError, Hub } from 'oyez'
import { protobufCodec } from 'oyez/codec/protobuf'
import type { ServerConfig } from '../config/server-config.ts'
import type { Log } from '../log/log.ts'
import { UserError } from '../user-error.ts'
import { DEV_HOOKS } from './dev-hooks.ts'
import { logHub } from './hub-log.ts'
import { openBus } from './open-bus.ts'

/** What differs from hub to hub. */
export interface HubOptions {
  readonly name: string
  readonly log: Log
}

const RETRY_MS = 500
/** Refusals that end when the rest of a Redis deployment is back, or when somebody has made room. */
const PASSING_REFUSALS: ReadonlySet<string | undefined> = new Set(['NOREPLICAS', 'MISCONF', 'OOM'])

/**
 * A hub whose bus is connected. While a Redis is away, starts up or fails over, it is tried again for the configured time; what somebody has to change, such
 * as a password, ends the start at once.
 *
 * @throws {UserError} with the last reason
 */
export async function startHub(config: ServerConfig, options: HubOptions): Promise<Hub> {
  const until = performance.now() + (config.bus.startsWith('redis') ? config.waitForBusMs : 0)
  let told: string | undefined
  for (;;) {
    const hub = await newHub(config, options)
    try {
      await hub.start()
      if (told !== undefined) options.log.info('the bus is there')
      return hub
    } catch (error) {
      await hub.close()
      const reason = (error as Error).message
      const leftMs = until - performance.now()
      if (leftMs <= 0 || !isPassing(error)) throw new UserError(`${reason}${advice(config, error)}`, { cause: error })
      if (reason !== told) {
        options.log.warn('waiting for the bus', { reason, for_at_most: `${Math.ceil(leftMs / 1_000)}s` })
      }
      told = reason
      await sleep(Math.min(RETRY_MS, leftMs))
    }
  }
}

async function newHub(config: ServerConfig, options: HubOptions): Promise<Hub> {
  const hub = new Hub({
    bus: await openBus(config),
    nodeName: options.name,
    codecs: [protobufCodec],
    channels: config.channels,
    limits: config.limits,
    times: config.times,
    ...(config.dev ? DEV_HOOKS : {}),
  })
  logHub(hub, options.log, { connections: config.dev })
  return hub
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof BusError)) return false
  return error.code === 'refused' ? PASSING_REFUSALS.has(error.reason) : error.code !== 'closed'
}

function advice({ bus }: ServerConfig, error: unknown): string {
  const isAway = error instanceof BusError && error.code === 'unavailable'
  return isAway && bus.startsWith('redis') ? ' Say where with --bus' : ''
}
