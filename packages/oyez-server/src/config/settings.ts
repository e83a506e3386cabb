/** A setting that can be given by flag and environment as well as by file. */
export interface Setting {
  /** Its place in the config file. */
  readonly path: readonly string[]
  readonly flag: string
  /** Placeholder of the flag's value; none for a switch. */
  readonly value?: string
  readonly env: string
  readonly kind: 'text' | 'number' | 'switch' | 'list'
  readonly help: string
}

/** All settings with a flag and a variable, in the order of `--help`. */
export const SETTINGS: readonly Setting[] = [
  {
    path: ['port'],
    flag: '--port',
    value: 'NUMBER',
    env: 'OYEZ_PORT',
    kind: 'number',
    help: 'port to listen on, 0 for a free one (default 8001)',
  },
  {
    path: ['host'],
    flag: '--host',
    value: 'ADDRESS',
    env: 'OYEZ_HOST',
    kind: 'text',
    help: 'address to listen on (default 127.0.0.1; 0.0.0.0 for all)',
  },
  {
    path: ['bus'],
    flag: '--bus',
    value: 'URL',
    env: 'OYEZ_BUS',
    kind: 'text',
    help: 'what connects the nodes: memory: (one process), worker: (worker processes of this machine) or a Redis: redis://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/NAME, redis+cluster://HOST:PORT,HOST:PORT, several URLs with spaces between them',
  },
  {
    path: ['wait_for_bus'],
    flag: '--wait-for-bus',
    value: 'TIME',
    env: 'OYEZ_WAIT_FOR_BUS',
    kind: 'text',
    help: 'how long to wait at the start for a Redis that is not there, loads or fails over (default 30s; 0s: not at all)',
  },
  {
    path: ['workers'],
    flag: '--workers',
    value: 'N|auto',
    env: 'OYEZ_WORKERS',
    kind: 'number',
    help: 'worker processes that share the port (default 1; auto: one for each processor)',
  },
  {
    path: ['name'],
    flag: '--name',
    value: 'NAME',
    env: 'OYEZ_NAME',
    kind: 'text',
    help: "name of this node (default: the machine's name)",
  },
  {
    path: ['dev'],
    flag: '--dev',
    env: 'OYEZ_DEV',
    kind: 'switch',
    help: 'development: let anybody in, named by ?user=NAME, with all rights',
  },
  {
    path: ['demo'],
    flag: '--demo',
    env: 'OYEZ_DEMO',
    kind: 'switch',
    help: 'with --dev: list the workers and kill one over HTTP, for the demo page',
  },
  {
    path: ['static'],
    flag: '--static',
    value: 'DIR',
    env: 'OYEZ_STATIC',
    kind: 'text',
    help: 'serve the files of a directory',
  },
  {
    path: ['origins'],
    flag: '--origins',
    value: 'LIST',
    env: 'OYEZ_ORIGINS',
    kind: 'list',
    help: 'web origins that may connect, separated by commas, or any (default: pages of the same host; with --dev pages of this machine)',
  },
  {
    path: ['api', 'key'],
    flag: '--api-key',
    value: 'KEY',
    env: 'OYEZ_API_KEY',
    kind: 'text',
    help: 'key of the HTTP API; others on this machine can see flags: prefer OYEZ_API_KEY',
  },
  {
    path: ['redis', 'prefix'],
    flag: '--redis-prefix',
    value: 'TEXT',
    env: 'OYEZ_REDIS_PREFIX',
    kind: 'text',
    help: 'beginning of every key in Redis (default oyez)',
  },
  {
    path: ['redis', 'routing'],
    flag: '--redis-routing',
    value: 'MODE',
    env: 'OYEZ_REDIS_ROUTING',
    kind: 'text',
    help: 'interest: a node hears only what its clients want (default); broadcast: everything',
  },
  {
    path: ['drain'],
    flag: '--drain',
    value: 'TIME',
    env: 'OYEZ_DRAIN',
    kind: 'text',
    help: 'longest time over which connections are closed when the server stops (default 5s)',
  },
  {
    path: ['log'],
    flag: '--log',
    value: 'human|json',
    env: 'OYEZ_LOG',
    kind: 'text',
    help: 'form of the log lines (default human)',
  },
]

/** Variables that the commands read beside the settings. */
export const OTHER_VARIABLES: readonly string[] = ['OYEZ_CONFIG', 'OYEZ_URL']

/** A text from a flag or a variable as the kind of value it stands for; what does not fit stays text and fails the check with its name. */
export function valueOf(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'number':
      return /^\d{1,15}$/.test(text.trim()) ? Number(text) : text
    case 'switch':
      return /^(1|true|yes|on)$/i.test(text) ? true : /^(0|false|no|off)$/i.test(text) ? false : text
    case 'list':
      return text === 'any' ? text : text.split(',').map((item) => item.trim())
    case 'text':
      return text
  }
}
