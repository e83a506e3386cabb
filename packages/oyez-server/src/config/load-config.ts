import { readFileSync, statSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { resolve } from 'node:path'
import type { ChannelRule, HubLimits, HubTimes } from 'oyez'
import { parse } from 'yaml'
import { printable } from '../log/printable.ts'
import { UserError } from '../user-error.ts'
import type { ConfigLayer, RuleLayer } from './config-layer.ts'
import { checkLayer } from './config-schema.ts'
import { nearest } from './nearest.ts'
import type { ServerConfig } from './server-config.ts'
import { OTHER_VARIABLES, SETTINGS, valueOf } from './settings.ts'

/** Where settings come from; a later source wins over an earlier one. */
export interface ConfigSources {
  /** Config file, YAML or JSON. */
  readonly file?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Values of flags by flag name (`--port`); `true` for a switch. */
  readonly flags?: Readonly<Record<string, string | boolean | undefined>> | undefined
}

/**
 * The configuration of a server: defaults < file < environment < flags.
 *
 * @throws {UserError} in one line that names the source of the first mistake.
 */
export function loadConfig(sources: ConfigSources): ServerConfig {
  const env = sources.env ?? {}
  const file = sources.file ?? env['OYEZ_CONFIG']
  const layers = [file === undefined ? {} : fileLayer(file), envLayer(env), flagLayer(sources.flags ?? {})]
  return complete(layers.reduce(merged, {}))
}

function fileLayer(file: string): ConfigLayer {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String((error as Error).message)
    throw new UserError(`config file ${file} cannot be read: ${why}`, { cause: error })
  }
  let raw: unknown
  try {
    raw = parse(text)
  } catch (error) {
    const firstLine = (error as Error).message.split('\n')[0]?.replace(/:$/, '') ?? ''
    throw new UserError(`config file ${file} is not YAML or JSON: ${firstLine}`, { cause: error })
  }
  return checkLayer(raw, {
    nameOf: (path) =>
      path.length === 0 ? `config file ${file}` : `config file ${file}: ${path.map(String).join('.')}`,
  })
}

function envLayer(env: Readonly<Record<string, string | undefined>>): ConfigLayer {
  const raw: Record<string, unknown> = {}
  const known = new Map(SETTINGS.map((setting) => [setting.env, setting]))
  for (const [name, text] of Object.entries(env)) {
    // An empty variable is how shells and compose files say "not set".
    if (!name.startsWith('OYEZ_') || text === undefined || text === '') continue
    const setting = known.get(name)
    if (setting !== undefined) put(raw, setting.path, valueOf(setting, text))
    // Kubernetes sets OYEZ_SERVICE_HOST, OYEZ_PORT_80_TCP and so on in every pod beside a service that is named oyez.
    else if (!OTHER_VARIABLES.includes(name) && !/^OYEZ_(SERVICE|PORT)_/.test(name))
      throw unknownVariable(name, known.keys())
  }
  const port = env['OYEZ_PORT']
  if (port?.startsWith('tcp://')) {
    throw new UserError(
      'environment variable OYEZ_PORT was set by Kubernetes for a service named oyez: set enableServiceLinks: false in the pod, or rename the service',
    )
  }
  return checkLayer(raw, { nameOf: (path) => `environment variable ${settingAt(path)?.env ?? path.join('.')}` })
}

function unknownVariable(name: string, known: Iterable<string>): UserError {
  const near = nearest(name, known)
  const advice = near === undefined ? 'see "oyez serve --help"' : `did you mean ${near}?`
  return new UserError(`environment variable ${printable(name)} is not a known setting: ${advice}`)
}

function flagLayer(flags: Readonly<Record<string, string | boolean | undefined>>): ConfigLayer {
  const raw: Record<string, unknown> = {}
  for (const setting of SETTINGS) {
    const value = flags[setting.flag]
    if (value === undefined) continue
    put(raw, setting.path, typeof value === 'string' ? valueOf(setting, value) : value)
  }
  return checkLayer(raw, { nameOf: (path) => settingAt(path)?.flag ?? path.map(String).join('.') })
}

function settingAt(path: readonly PropertyKey[]): (typeof SETTINGS)[number] | undefined {
  // An item of a list belongs to the list's setting.
  return SETTINGS.find((setting) => setting.path.every((part, index) => part === path[index]))
}

function put(raw: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first = '', second] = path
  if (second === undefined) raw[first] = value
  else raw[first] = { ...(raw[first] as object | undefined), [second]: value }
}

function merged(below: object, above: object): object {
  const result: Record<string, unknown> = { ...below }
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue
    const under = result[key]
    result[key] = isGroup(under) && isGroup(value) ? merged(under, value) : value
  }
  return result
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Fills in the defaults and refuses what contradicts itself. */
function complete(layer: ConfigLayer): ServerConfig {
  const workers = layer.workers === 'auto' ? availableParallelism() : (layer.workers ?? 1)
  const bus = layer.bus ?? (workers > 1 ? 'worker:' : 'memory:')
  const dev = layer.dev ?? false
  if (bus === 'memory:' && workers > 1) {
    throw new UserError(
      `--bus memory: connects nothing beyond one process, but --workers is ${workers}: use --bus worker: or a Redis, or --workers 1`,
    )
  }
  if (/^rediss?:[^|,\s]*$/.test(bus) && !URL.canParse(bus)) {
    throw new UserError('bus is not a URL: write it like redis://127.0.0.1:6379 or redis://:PASSWORD@HOST:6379')
  }
  if (layer.demo === true && !dev) {
    throw new UserError('--demo lets anybody kill workers, so it works only together with --dev')
  }
  return {
    port: layer.port ?? 8001,
    host: layer.host ?? '127.0.0.1',
    name: layer.name ?? hostname(),
    bus,
    waitForBusMs: layer.wait_for_bus ?? 30_000,
    workers,
    dev,
    demo: layer.demo ?? false,
    staticDir: layer.static === undefined ? undefined : directory(layer.static),
    origins: layer.origins,
    apiKey: layer.api?.key,
    log: layer.log ?? 'human',
    drainMs: layer.drain ?? 5_000,
    redis: layer.redis ?? {},
    channels: channelsOf(layer),
    limits: limitsOf(layer),
    times: timesOf(layer),
  }
}

function directory(path: string): string {
  const full = resolve(path)
  if (statSync(full, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UserError(`--static ${printable(path)} is not a directory`)
  }
  return full
}

function channelsOf({ channels }: ConfigLayer): ServerConfig['channels'] {
  const namespaces = Object.entries(channels?.namespaces ?? {}).map(([name, rule]) => {
    if (name.startsWith('#') || name.startsWith('@')) {
      throw new UserError(
        name.startsWith('#')
          ? `channels.namespaces: "${printable(name)}" names personal channels: their rule is channels.personal`
          : `channels.namespaces: "${printable(name)}": names that begin with @ are reserved`,
      )
    }
    if (name === '' || name.includes(':')) {
      throw new UserError(
        `channels.namespaces: "${printable(name)}" is no namespace: give the part of a channel's name before the first ":"`,
      )
    }
    return [name, ruleOf(rule ?? {}, `channels.namespaces.${name}`)] as const
  })
  return {
    defaults: ruleOf(channels?.defaults ?? {}, 'channels.defaults'),
    personal: ruleOf(channels?.personal ?? {}, 'channels.personal'),
    namespaces: Object.fromEntries(namespaces),
  }
}

function ruleOf(rule: RuleLayer, where: string): Partial<ChannelRule> {
  if (rule.logged !== undefined && rule.ephemeral !== undefined && rule.logged === rule.ephemeral) {
    throw new UserError(`${where}: logged and ephemeral are opposites: give only one of them`)
  }
  const logged = rule.logged ?? (rule.ephemeral === undefined ? undefined : !rule.ephemeral)
  return present({
    logged,
    historySize: rule.history_size,
    historyTtlMs: rule.history_ttl,
    binary: rule.binary,
    ack: rule.ack,
    publish: rule.publish,
    subscribe: rule.subscribe,
  })
}

function limitsOf({ limits = {} }: ConfigLayer): Partial<HubLimits> {
  return present({
    maxPayloadBytes: limits.max_payload_bytes,
    highWaterBytes: limits.high_water_bytes,
    maxChannelsPerConnection: limits.max_channels_per_connection,
    maxPendingCommands: limits.max_pending_commands,
    maxConnectionsPerUser: limits.max_connections_per_user,
    maxPublicationsPerReply: limits.max_publications_per_reply,
    ringBytes: limits.ring_bytes,
  })
}

function timesOf({ times = {} }: ConfigLayer): Partial<HubTimes> {
  return present({
    pingIntervalMs: times.ping_interval,
    pongTimeoutMs: times.pong_timeout,
    connectTimeoutMs: times.connect_timeout,
    lingerMs: times.linger,
    auditIntervalMs: times.audit_interval,
  })
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>
}
