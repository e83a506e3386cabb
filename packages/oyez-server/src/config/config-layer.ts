import type { Audience, ChannelRule } from 'oyez'
import type { RedisSettings } from './server-config.ts'

/** What one source of settings says, checked; every setting may be absent. Durations are in milliseconds, names as in the config file. */
export interface ConfigLayer {
  readonly port?: number | undefined
  readonly host?: string | undefined
  readonly name?: string | undefined
  readonly bus?: string | undefined
  readonly wait_for_bus?: number | undefined
  readonly workers?: number | 'auto' | undefined
  readonly dev?: boolean | undefined
  readonly demo?: boolean | undefined
  readonly static?: string | undefined
  readonly origins?: readonly string[] | 'any' | undefined
  readonly log?: 'human' | 'json' | undefined
  readonly drain?: number | undefined
  readonly api?: { readonly key?: string | undefined } | undefined
  readonly redis?: RedisSettings | undefined
  readonly channels?:
    | {
        readonly defaults?: RuleLayer | undefined
        readonly personal?: RuleLayer | undefined
        readonly namespaces?: Readonly<Record<string, RuleLayer | undefined>> | undefined
      }
    | undefined
  readonly limits?: LimitsLayer | undefined
  readonly times?: TimesLayer | undefined
}

/** The rule of a namespace. `ephemeral` is the opposite of `logged`. */
export interface RuleLayer {
  readonly history_size?: number | undefined
  readonly history_ttl?: number | undefined
  readonly logged?: boolean | undefined
  readonly ephemeral?: boolean | undefined
  readonly binary?: boolean | undefined
  readonly ack?: ChannelRule['ack'] | undefined
  readonly publish?: Audience | undefined
  readonly subscribe?: Audience | undefined
}

/** See `HubLimits` of the library. */
export interface LimitsLayer {
  readonly max_payload_bytes?: number | undefined
  readonly high_water_bytes?: number | undefined
  readonly max_channels_per_connection?: number | undefined
  readonly max_pending_commands?: number | undefined
  readonly max_connections_per_user?: number | undefined
  readonly max_publications_per_reply?: number | undefined
  readonly ring_bytes?: number | undefined
}

/** See `HubTimes` of the library. */
export interface TimesLayer {
  readonly ping_interval?: number | undefined
  readonly pong_timeout?: number | undefined
  readonly connect_timeout?: number | undefined
  readonly linger?: number | undefined
  readonly audit_interval?: number | undefined
}
