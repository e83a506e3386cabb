import { ErrorReply, type RedisClientType } from '@redis/client'
import { BusError } from '../bus-error.ts'
import { KeySpace } from './key-space.ts'
import type { Place } from './options.ts'
import { errorWord } from './redis-error-table.ts'

interface Trial {
  /** As an ACL rule names it. */
  readonly right: string
  readonly args: readonly string[]
}

interface Names {
  readonly meta: string
  readonly log: string
  readonly hints: string
  readonly probe: string
  readonly isCluster: boolean
}

function namesOf(place: Place, prefix: string): Names {
  const keys = new KeySpace(prefix, { database: place.login.database })
  const channel = '@rights'
  return {
    meta: keys.meta(channel),
    log: keys.log(channel),
    hints: keys.hints(channel),
    probe: keys.probe(channel),
    isCluster: place.kind === 'cluster',
  }
}

/** Every command that the bus uses, in a form that does nothing of consequence. */
function trialsOf({ meta, log, hints, probe, isCluster }: Names): Trial[] {
  const trial = (right: string, ...args: string[]): Trial => ({ right, args: [...right.split('|'), ...args] })
  return [
    trial('info', 'replication'),
    trial('time'),
    trial('ping'),
    trial('script|load', 'return 1'),
    trial('eval', 'return 1', '1', meta),
    trial('evalsha', '0'.repeat(40), '1', meta),
    trial('hset', meta, 'i', '1'),
    trial('hget', meta, 'i'),
    trial('hmget', meta, 'i'),
    trial('hlen', meta),
    trial('hrandfield', meta, '1'),
    trial('hdel', meta, 'i'),
    trial('xadd', log, '*', 'd', ''),
    trial('xrange', log, '-', '+', 'COUNT', '1'),
    trial('xrevrange', log, '+', '-', 'COUNT', '1'),
    trial('exists', meta),
    trial('type', meta),
    trial('pexpire', meta, '1000'),
    trial('pexpireat', meta, '1'),
    trial('del', meta, log),
    trial('wait', '0', '1'),
    trial('publish', probe, ''),
    ...(isCluster
      ? [
          trial('spublish', hints, ''),
          trial('asking'),
          trial('cluster|slots'),
          trial('cluster|info'),
          trial('client|info'),
        ]
      : [trial('publish', hints, '')]),
  ]
}

/**
 * What a NOPERM is about, in the words of Redis 6.2 and 7.0 ("access one of the keys", "the channels"), and of Redis 7.2, 7.4 and 8 and all Valkey ("access a
 * key", "access the 'x' channel"). Names of users and commands come in it, too, so the command is looked for first.
 */
export function deniedKind(message: string): 'command' | 'key' | 'channel' {
  if (/ to run the '|run this command|access a command/.test(message)) return 'command'
  if (/ access .*\bkeys?\b/.test(message)) return 'key'
  return /\bchannels?\b/.test(message) ? 'channel' : 'command'
}

/**
 * Tries every command, key and channel that the bus needs, and names all that this user has no right to.
 *
 * @throws {BusError} `refused`, with the rules that are missing.
 */
export async function examineRights(client: RedisClientType, place: Place, prefix: string): Promise<void> {
  const trials = trialsOf(namesOf(place, prefix))
  const commands = new Set<string>()
  let keys = false
  let channels = false
  const note = (right: string, error: unknown): void => {
    if (errorWord(error) !== 'NOPERM') return
    const kind = deniedKind(error instanceof ErrorReply ? error.message : '')
    if (kind === 'key') keys = true
    else if (kind === 'channel') channels = true
    else commands.add(right)
  }
  const answers = await Promise.allSettled(trials.map(({ args }) => client.sendCommand<unknown>([...args])))
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'rejected') note(trials[index]?.right ?? '', answer.reason)
  }
  await trySubscribing(client, note, namesOf(place, prefix))
  if (commands.size === 0 && !keys && !channels) return
  const missing = [
    ...[...commands].map((command) => `+${command}`),
    ...(keys ? [`~${prefix}:*`] : []),
    ...(channels ? [`&${prefix}:*`] : []),
  ]
  const text = `does not give this user the rights that the bus needs. Missing: ${missing.join(' ')}`
  throw new BusError('refused', `Redis at ${place.address} ${text}`)
}

async function trySubscribing(
  client: RedisClientType,
  note: (right: string, error: unknown) => void,
  names: Names,
): Promise<void> {
  const listener = (): void => undefined
  const { probe, hints, isCluster } = names
  const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['subscribe', () => client.subscribe(probe, listener)],
    ['unsubscribe', () => client.unsubscribe(probe, listener)],
    isCluster
      ? ['ssubscribe', () => client.sSubscribe(hints, listener)]
      : ['subscribe', () => client.subscribe(hints, listener)],
    isCluster
      ? ['sunsubscribe', () => client.sUnsubscribe(hints, listener)]
      : ['unsubscribe', () => client.unsubscribe(hints, listener)],
  ]
  for (const [right, step] of steps) await step().catch((error: unknown) => note(right, error))
}
