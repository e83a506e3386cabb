import type { RedisClientType } from '@redis/client'
import { errorWord } from './redis-error-table.ts'

/** What a server says that decides whether `durable` can be had. */
export interface DurabilityFacts {
  /** INFO server. */
  readonly server: string
  /** INFO persistence. */
  readonly persistence: string
  /** The setting `appendfsync`; `undefined` when this user may not read it. */
  readonly appendfsync: string | undefined
  /** Whether this user may call WAITAOF. */
  readonly mayWait: boolean
}

/**
 * Why a server cannot promise that a record is on its disk; `undefined` when it can.
 *
 * WAITAOF came with Redis 7.2. Redis 7.4 and Valkey from 8 answer it too early with `appendfsync everysec`: as soon as the record is written to the file, and
 * before it is synced. Redis 8.0 mended that, Valkey has not up to 9.1, so that every Valkey from 8 counts as having the fault.
 */
export function durableProblem({ server, persistence, appendfsync, mayWait }: DurabilityFacts): string | undefined {
  const { name, version } = softwareOf(server)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isUnknown = version === ''
  if (!isUnknown && (major < 7 || (major === 7 && minor < 2)))
    return `is version ${version}: the acknowledgement 'durable' needs WAITAOF, which came with 7.2`
  if (/^aof_enabled:0/m.test(persistence)) return "keeps no append-only file: 'durable' needs appendonly yes"
  if (!mayWait) return "does not give this user the right that 'durable' needs. Missing: +waitaof"
  if (appendfsync === 'always') return undefined
  if (appendfsync === 'no') return "never syncs its file by itself: 'durable' needs appendfsync always"
  const answersEarly = isUnknown || (name === 'Valkey' ? major >= 8 : major === 7 && minor >= 4)
  if (!answersEarly) return undefined
  const software = isUnknown ? 'of unknown version' : `${name} ${version}`
  const fault = `is ${software}, whose WAITAOF answers before the disk has the record unless appendfsync is always`
  if (appendfsync !== undefined) return `${fault}, and it is ${appendfsync}: 'durable' needs appendfsync always`
  return `${fault}: 'durable' needs appendfsync always and, to see that, the right +config|get`
}

/** Asks a server whether it can promise that a record is on its disk. @returns why not, or `undefined` */
export async function askDurability(client: RedisClientType, server: string): Promise<string | undefined> {
  const persistence = await client.sendCommand<unknown>(['INFO', 'persistence'])
  const facts = { server, persistence: textOf(persistence), appendfsync: undefined, mayWait: true }
  // One that has not got it anyhow is not asked for more: each refusal is an entry in its ACL LOG.
  if (durableProblem({ ...facts, appendfsync: 'always' }) !== undefined) return durableProblem(facts)
  const [wait, config] = await Promise.allSettled([
    client.sendCommand<unknown>(['WAITAOF', '0', '0', '1']),
    client.sendCommand<unknown>(['CONFIG', 'GET', 'appendfsync']),
  ])
  return durableProblem({
    ...facts,
    mayWait: wait.status === 'fulfilled' || errorWord(wait.reason) !== 'NOPERM',
    appendfsync: config.status === 'fulfilled' ? settingOf(config.value) : undefined,
  })
}

function softwareOf(info: string): { readonly name: 'Redis' | 'Valkey'; readonly version: string } {
  // Valkey calls itself redis_version 7.2.4 as well, for old clients.
  const valkey = /^valkey_version:([\d.]+)/m.exec(info)?.[1]
  if (valkey !== undefined) return { name: 'Valkey', version: valkey }
  return { name: 'Redis', version: /^redis_version:([\d.]+)/m.exec(info)?.[1] ?? '' }
}

/** CONFIG GET answers with a map, or with names and values in turns. */
function settingOf(reply: unknown): string | undefined {
  if (Array.isArray(reply)) return textOf(reply[1]) || undefined
  if (reply instanceof Map) return textOf(reply.get('appendfsync')) || undefined
  if (typeof reply !== 'object' || reply === null) return undefined
  return textOf(Object.values(reply)[0]) || undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
