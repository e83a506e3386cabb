import type { AppendAck, Retention } from '../bus/bus.ts'
import { namespaceOf, PERSONAL_PREFIX, RESERVED_PREFIX } from '../protocol/channel.ts'

/** Who may do something with a channel, when no hook decides. */
export type Audience = 'nobody' | 'authenticated' | 'anyone'

/** How a family of channels behaves. */
export interface ChannelRule {
  /** Whether publications are kept in a log (ordered, recoverable) or only passed on, at most once. @default true */
  readonly logged: boolean
  /** Publications kept for recovery. @default 100 */
  readonly historySize: number
  /** Milliseconds they are kept after the last one; at most ten years. @default 300_000 */
  readonly historyTtlMs: number
  /**
   * Whether payloads may be any bytes, for clients of the binary form alone; clients of the JSON form are then answered with 108, or closed with 3506
   * when the server subscribed them. Without it a payload that is not JSON is answered with 107. Every node must have the same value, and what is
   * kept in the log stays as it was published. @default false
   */
  readonly binary: boolean
  /**
   * How safe a publication must be before its publisher, client or server, is told that it is stored: `accepted`, `{ replicas: k }` or `durable`. What the
   * bus cannot do, it refuses; what is not reached in time is answered with a temporary error, and tried again by clients. @default 'accepted'
   */
  readonly ack: AppendAck
  /** Which clients may publish when there is no `authorizePublish` hook; the server always may. @default 'nobody' */
  readonly publish: Audience
  /** Which clients may subscribe when there is no `authorizeSubscribe` hook. @default 'anyone' */
  readonly subscribe: Audience
}

/** Rules by namespace: the part of a channel's name before its first `:`. What a namespace leaves out comes from `defaults`. */
export interface ChannelRulesOptions {
  readonly defaults?: Partial<ChannelRule> | undefined
  readonly namespaces?: Readonly<Record<string, Partial<ChannelRule>>> | undefined
  /**
   * The rule of personal channels (`#<userId>`). What it leaves out comes from `defaults`, except `publish`: it stays `'nobody'` unless it is given here, so
   * that a rule for rooms never lets one user write into the channel of another. `subscribe` has no effect: a personal channel belongs to its user alone.
   */
  readonly personal?: Partial<ChannelRule> | undefined
}

/** How long a silent channel's epoch and offset are remembered: long enough that quiet subscribers see no needless break. */
const META_TTL_MS = 7 * 24 * 3_600_000

/** Ten years: a bus adds it to the time of day, and the sum must stay exact. */
const MAX_HISTORY_TTL_MS = 10 * 365 * 24 * 3_600_000

const AUDIENCES: readonly Audience[] = ['nobody', 'authenticated', 'anyone']

const DEFAULT_RULE: ChannelRule = {
  logged: true,
  historySize: 100,
  historyTtlMs: 300_000,
  binary: false,
  ack: 'accepted',
  publish: 'nobody',
  subscribe: 'anyone',
}

/** A rule with the retention that buses understand. */
export interface ResolvedRule extends ChannelRule {
  readonly retention: Retention
}

/** Finds the rule of a channel. */
export class ChannelRules {
  readonly #defaults: ResolvedRule
  readonly #personal: ResolvedRule
  readonly #namespaces = new Map<string, ResolvedRule>()

  /** @throws {TypeError} when a rule has a value out of range, naming it. */
  constructor(options: ChannelRulesOptions = {}) {
    const defaults = { ...DEFAULT_RULE, ...defined(options.defaults) }
    this.#defaults = resolveRule('defaults', defaults)
    this.#personal = resolveRule('personal', { ...defaults, publish: 'nobody', ...defined(options.personal) })
    for (const [name, rule] of Object.entries(options.namespaces ?? {})) {
      if (name === '' || name.includes(':'))
        throw new TypeError(`channels.namespaces: "${name}" is no namespace: give the part before the ":"`)
      if (name.startsWith(PERSONAL_PREFIX))
        throw new TypeError(`channels.namespaces: "${name}" names personal channels: their rule is channels.personal`)
      if (name.startsWith(RESERVED_PREFIX))
        throw new TypeError(
          `channels.namespaces: names that begin with ${RESERVED_PREFIX} are reserved, such as "${name}"`,
        )
      this.#namespaces.set(name, resolveRule(`namespaces.${name}`, { ...defaults, ...defined(rule) }))
    }
  }

  /** The rule of a channel: that of personal channels, of its namespace, or the defaults. */
  of(channel: string): ResolvedRule {
    if (channel.startsWith(PERSONAL_PREFIX)) return this.#personal
    // Most programs have no namespaces: do not cut the name for them.
    if (this.#namespaces.size === 0) return this.#defaults
    return this.#namespaces.get(namespaceOf(channel)) ?? this.#defaults
  }
}

function resolveRule(where: string, rule: ChannelRule): ResolvedRule {
  const { logged, historySize, historyTtlMs, binary, ack, publish, subscribe } = rule
  const integer = (name: string, value: number): void => {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new TypeError(`channels.${where}.${name} must be a whole number from 1, not ${value}`)
  }
  for (const [name, value] of Object.entries(rule)) {
    if (!Object.hasOwn(DEFAULT_RULE, name)) throw new TypeError(`channels.${where}.${name} is not known`)
    if ((name === 'publish' || name === 'subscribe') && !AUDIENCES.includes(value as Audience))
      throw new TypeError(`channels.${where}.${name} must be one of ${AUDIENCES.join(', ')}, not ${String(value)}`)
  }
  if (typeof logged !== 'boolean') throw new TypeError(`channels.${where}.logged must be true or false`)
  if (typeof binary !== 'boolean') throw new TypeError(`channels.${where}.binary must be true or false`)
  checkAck(`channels.${where}.ack`, ack)
  integer('historySize', historySize)
  integer('historyTtlMs', historyTtlMs)
  if (historyTtlMs > MAX_HISTORY_TTL_MS)
    throw new TypeError(
      `channels.${where}.historyTtlMs must be at most ${MAX_HISTORY_TTL_MS} (ten years), not ${historyTtlMs}`,
    )
  const retention = { size: historySize, ttlMs: historyTtlMs, metaTtlMs: Math.max(META_TTL_MS, 2 * historyTtlMs) }
  return Object.freeze({ logged, historySize, historyTtlMs, binary, ack, publish, subscribe, retention })
}

/** @throws {TypeError} when a value is no level of acknowledgement, naming it. */
export function checkAck(where: string, ack: unknown): void {
  if (ack === 'accepted' || ack === 'durable') return
  const replicas = typeof ack === 'object' && ack !== null && 'replicas' in ack ? ack.replicas : undefined
  if (Number.isSafeInteger(replicas) && Number(replicas) >= 1) return
  throw new TypeError(`${where} must be 'accepted', 'durable' or { replicas: a whole number from 1 }`)
}

/** Without the keys whose value is undefined, so that they do not hide a default. */
function defined(rule: Partial<ChannelRule> | undefined): Partial<ChannelRule> {
  return Object.fromEntries(Object.entries(rule ?? {}).filter(([, value]) => value !== undefined))
}
