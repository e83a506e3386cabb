import type { ChannelRule } from 'oyez'
import { z } from 'zod'
import { printable, withoutPassword } from '../log/printable.ts'
import { UserError } from '../user-error.ts'
import type { ConfigLayer } from './config-layer.ts'
import { DURATION_FORM, parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'

/** Where a layer came from, so that an error can say so. */
export interface LayerSource {
  /** Names a setting as this source spells it, e.g. `oyez.yaml: api.key`, `--api-key`, `OYEZ_API_KEY`. */
  readonly nameOf: (path: readonly PropertyKey[]) => string
}

type SettingSchema<T> = z.ZodOptional<z.ZodCustom<T, T>>

/** A setting, described by the words that an error uses for it. */
function setting<T>(expected: string, test: (value: unknown) => boolean): SettingSchema<T> {
  return z.custom<T>(test, { error: expected }).optional()
}

const integer = (from: number, to: number = Number.MAX_SAFE_INTEGER): SettingSchema<number> =>
  setting(
    to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from}` : `a whole number from ${from} to ${to}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to,
  )
const bool = (): SettingSchema<boolean> => setting('true or false', (value) => typeof value === 'boolean')
const text = (expected: string, form = /^[^\p{Cc}]{1,1000}$/u): SettingSchema<string> =>
  setting(expected, (value) => typeof value === 'string' && form.test(value))
const oneOf = <T extends string>(...words: readonly T[]): SettingSchema<T> =>
  setting(`one of ${words.join(', ')}`, (value) => (words as readonly unknown[]).includes(value))
const duration = () =>
  z
    .custom<string | number>((value) => parseDuration(value) !== undefined, { error: DURATION_FORM })
    .transform((value) => parseDuration(value) ?? 0)
    .optional()

/** Zero means not at all. */
const durationOrNone = () =>
  z
    .custom<string | number>((value) => isNone(value) || parseDuration(value) !== undefined, { error: DURATION_FORM })
    .transform((value) => (isNone(value) ? 0 : (parseDuration(value) ?? 0)))
    .optional()
const isNone = (value: unknown): boolean => value === 0 || (typeof value === 'string' && /^0(ms|s|m|h|d)?$/.test(value))

const ack = () =>
  z
    .custom<string>((value) => parseAck(value) !== undefined, { error: 'accepted, durable or replicas:N' })
    .transform((value) => parseAck(value) ?? 'accepted')
    .optional()
const audience = () => oneOf('nobody', 'authenticated', 'anyone')

const RULE = {
  history_size: integer(1, 1_000_000),
  history_ttl: duration(),
  logged: bool(),
  ephemeral: bool(),
  binary: bool(),
  ack: ack(),
  publish: audience(),
  subscribe: audience(),
}
const API = { key: text('a text without spaces', /^[\x21-\x7e]{1,1000}$/) }
const REDIS = {
  prefix: text('a short text', /^[\w.:-]{1,64}$/),
  routing: oneOf('interest', 'broadcast'),
  ca: text('a file'),
  cert: text('a file'),
  key: text('a file'),
  servername: text('a host name', /^[\w.-]{1,255}$/),
}
const LIMITS = {
  max_payload_bytes: integer(1),
  high_water_bytes: integer(1),
  max_channels_per_connection: integer(1),
  max_pending_commands: integer(1),
  max_connections_per_user: integer(1),
  max_publications_per_reply: integer(1),
  ring_bytes: integer(1),
}
const TIMES = {
  ping_interval: duration(),
  pong_timeout: duration(),
  connect_timeout: duration(),
  linger: duration(),
  audit_interval: duration(),
}
const CHANNELS = {
  defaults: group(RULE),
  personal: group(RULE),
  namespaces: z
    .record(z.string(), group(RULE), { error: 'a group of settings, one entry for each namespace' })
    .optional(),
}
const ROOT = {
  port: integer(0, 65_535),
  host: text('a host name or an IP address', /^[\w.:-]{1,255}$/),
  name: text('a short name of letters, digits, ".", "_" and "-"', /^[\w.-]{1,64}$/),
  bus: text(
    'memory:, worker: or the URL of a Redis (redis://HOST:PORT, redis+sentinel://…, redis+cluster://…)',
    /^(memory:|worker:|rediss?(\+sentinel|\+cluster)?(\+tls)?:\/\/.+)$/,
  ),
  wait_for_bus: durationOrNone(),
  workers: setting<number | 'auto'>(
    'a whole number from 1 to 256 or "auto"',
    (value) => value === 'auto' || (Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 256),
  ),
  dev: bool(),
  demo: bool(),
  static: text('a directory'),
  origins: setting<readonly string[] | 'any'>(
    '"any" or a list of origins such as "https://example.com"',
    (value) => value === 'any' || (Array.isArray(value) && value.length > 0 && value.every(isOrigin)),
  ),
  log: oneOf('human', 'json'),
  drain: duration(),
  api: group(API),
  redis: group(REDIS),
  channels: group(CHANNELS),
  limits: group(LIMITS),
  times: group(TIMES),
}

function rootSchema() {
  return z.strictObject(ROOT, { error: groupError })
}

function group<T extends z.ZodRawShape>(shape: T): z.ZodOptional<z.ZodObject<T, z.core.$strict>> {
  return z.strictObject(shape, { error: groupError }).optional()
}

function groupError(issue: { readonly code?: string | undefined }): string | undefined {
  return issue.code === 'unrecognized_keys' ? undefined : 'a group of settings'
}

/** `accepted`, `durable`, or `replicas:N` with N from 1; `undefined` for anything else. */
function parseAck(value: unknown): ChannelRule['ack'] | undefined {
  if (value === 'accepted' || value === 'durable') return value
  const replicas = typeof value === 'string' ? /^replicas:([1-9]\d{0,2})$/.exec(value)?.[1] : undefined
  return replicas === undefined ? undefined : { replicas: Number(replicas) }
}

/** Whether a value is the origin of a web page, exactly as browsers send it. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value)) return false
  try {
    return new URL(value).origin === value
  } catch {
    return false
  }
}

/** Checks one layer. @throws {UserError} in one line, naming the source, the setting, what it is and what it should be. */
export function checkLayer(raw: unknown, source: LayerSource): ConfigLayer {
  const result = rootSchema().safeParse(raw ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]
  if (issue === undefined) throw new UserError(`${source.nameOf([])} is not understood`)
  if (issue.code === 'unrecognized_keys') throw unknownKey(issue, source)
  const value = valueAt(raw, issue.path)
  throw new UserError(`${source.nameOf(issue.path)} must be ${issue.message}, not ${shown(value, issue.path)}`)
}

function unknownKey(issue: z.core.$ZodIssueUnrecognizedKeys, source: LayerSource): UserError {
  const key = issue.keys[0] ?? ''
  const known = Object.keys(shapeAt(issue.path))
  const near = nearest(key, known)
  const advice = near === undefined ? `the settings here are ${known.join(', ')}` : `did you mean "${near}"?`
  return new UserError(`${source.nameOf([...issue.path, printable(key)])} is not a known setting: ${advice}`)
}

function shapeAt(path: readonly PropertyKey[]): object {
  const [first, second] = path
  if (first === undefined) return ROOT
  if (first === 'channels') return second === undefined ? CHANNELS : RULE
  return { api: API, redis: REDIS, limits: LIMITS, times: TIMES }[String(first)] ?? {}
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return value
}

/** A value as an error may show it: short, without control characters, and never a secret. */
function shown(value: unknown, path: readonly PropertyKey[]): string {
  if (path.join('.') === 'api.key') return typeof value === 'string' ? 'what is given (not shown)' : `a ${typeof value}`
  if (typeof value === 'string') return `"${printable(withoutPassword(value))}"`
  if (Array.isArray(value)) return `[${value.map((item) => shown(item, path)).join(', ')}]`
  if (typeof value === 'object' && value !== null) return 'a group of settings'
  return String(value)
}
