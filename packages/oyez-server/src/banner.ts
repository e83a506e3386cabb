import pico from 'picocolors'
import type { ServerConfig } from './config/server-config.ts'
import type { Log } from './log/log.ts'
import { withoutPassword } from './log/printable.ts'
import { httpUrl } from './node/listen.ts'
import { WEBSOCKET_PATH } from './node/websocket-path.ts'
import { VERSION } from './version.ts'

const DEV_WARNING =
  'DEVELOPMENT MODE: whoever can reach this port gets in under any name, with all rights, also from web pages of this machine. Never use --dev where strangers are.'

const ANONYMOUS_WARNING =
  'this server has no way to authenticate clients: every client is anonymous, and the channel rules alone decide what it may do. To know your users, embed the Hub in your own server with an authenticate hook'

/** Says that the server is ready, where, and what one has to know about it. */
export function announce(config: ServerConfig, nodes: readonly string[], log: Log): void {
  const url = httpUrl(config)
  const websocket = `${url.replace(/^http/, 'ws')}${WEBSOCKET_PATH}`
  const bus = withoutPassword(config.bus)
  if (config.log === 'json') {
    log.info('ready', { url, websocket, bus, nodes: nodes.join(','), dev: config.dev })
  } else {
    process.stdout.write(`${banner(config, nodes, { url, websocket, bus }).join('\n')}\n\n`)
  }
  if (config.dev) log.warn(DEV_WARNING)
  else log.warn(ANONYMOUS_WARNING)
  if (config.dev && !isLocal(config.host)) log.warn(`and it listens on ${config.host}, which others can reach`)
  if (hostsInTheOpen(config).some((host) => !isLocal(host))) {
    log.warn('the connection to Redis is not encrypted: outside a network that you trust, use rediss://')
  }
}

function banner(
  config: ServerConfig,
  nodes: readonly string[],
  { url, websocket, bus }: { readonly url: string; readonly websocket: string; readonly bus: string },
): string[] {
  const rows: [string, string][] = [
    [
      'Open',
      `${pico.cyan(url)}${config.host === '0.0.0.0' || config.host === '::' ? ' (and every other address of this machine)' : ''}`,
    ],
    ['WebSocket', websocket],
    ['Bus', bus === 'memory:' ? 'memory: (this process alone)' : bus],
    [nodes.length === 1 ? 'Node' : 'Nodes', nodes.join(', ')],
    ['Clients', config.dev ? 'anybody, named by ?user=NAME' : 'anonymous; the channel rules say what they may'],
    ['API', apiWords(config)],
  ]
  return [
    '',
    `  ${pico.bold(`oyez ${VERSION} is ready`)}`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(11)}${value}`),
  ]
}

function apiWords({ apiKey, dev }: ServerConfig): string {
  if (apiKey !== undefined) return '/api, with the key'
  return dev ? '/api, open to everybody' : 'off (give a key to turn it on)'
}

/** Hosts of Redis to which the connection is not encrypted. */
function hostsInTheOpen({ bus, redis }: ServerConfig): string[] {
  const isEncrypted = [redis.ca, redis.cert, redis.key, redis.servername].some((setting) => setting !== undefined)
  if (isEncrypted || !bus.startsWith('redis')) return []
  return [...bus.matchAll(/(redis(?:\+sentinel|\+cluster)?):\/\/(?:[^\s/]*@)?([^\s/|?]+)/g)].flatMap(
    ([, , hosts = '']) => hosts.split(',').map((host) => host.replace(/:\d+$/, '')),
  )
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || host.startsWith('127.')
}
