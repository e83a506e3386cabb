import { existsSync } from 'node:fs'
import type { DialectName } from './dialects/dialects.ts'

/** A program under measurement. */
export interface Program {
  readonly name: string
  /** For the reader of a table. */
  readonly label: string
  /** Compiled file that runs one node, relative to `bench/dist/`. */
  readonly file: string
  readonly args: readonly string[]
  readonly dialect: DialectName
  readonly nodes: number
  /** A control row: not comparable in what it does, an upper bound. */
  readonly control: boolean
  /** A variant of the row above it: left out of a quick run unless it is asked for. */
  readonly isVariant?: true
  /** Runs in these scenarios only; in all without it. */
  readonly scenarios?: readonly string[]
  /** Why it cannot run here; absent when it can. */
  readonly missing?: string | undefined
}

/** What the ratios are against. */
export const BASELINE = 'socketio'

/** The control rows: what nothing on `ws`, and what nothing on Node, goes below. */
export const WS_CONTROL = 'control'
export const UWS_CONTROL = 'uws'

/** The build of uWebSockets.js among the dependencies has binaries for the module versions of Node 16, 18 and 20. */
const missingUws = ['93', '108', '115'].includes(process.versions.modules)
  ? undefined
  : `the build of uWebSockets.js among the dependencies has no binary for Node ${process.versions.node}; Node 20 has one`

const missingNchan = existsSync('/usr/lib/nginx/modules/ngx_nchan_module.so')
  ? undefined
  : 'Nchan is not installed (Debian: apt-get install libnginx-mod-nchan)'

const uwsPrograms: readonly Program[] = [
  {
    name: 'oyez-uws',
    label: 'oyez on uWebSockets.js, otherwise as the first row',
    file: 'programs/oyez-uws.js',
    args: [],
    dialect: 'oyez',
    nodes: 2,
    control: false,
    isVariant: true,
    scenarios: ['fan-out', 'idle'],
    missing: missingUws,
  },
  {
    name: 'uws',
    label: 'control: uWebSockets.js publish + one Redis channel',
    file: 'programs/uws.js',
    args: [],
    dialect: 'plain',
    nodes: 2,
    control: true,
    missing: missingUws,
  },
]

/** In the order in which they take turns. */
export const programs: readonly Program[] = [
  {
    name: 'oyez',
    label: 'oyez, Redis bus, everything in the log',
    file: 'programs/oyez.js',
    args: [],
    dialect: 'oyez',
    nodes: 2,
    control: false,
  },
  {
    // Above, each publish is answered when it is stored, which is one more write per message; the other programs answer nothing.
    name: 'oyez-one-way',
    label: 'the same, without acknowledgement',
    file: 'programs/oyez.js',
    args: [],
    dialect: 'oyez-one-way',
    nodes: 2,
    control: false,
    isVariant: true,
    scenarios: ['user-to-user'],
  },
  {
    name: 'socketio',
    label: 'Socket.IO + redis-adapter',
    file: 'programs/socketio.js',
    args: [],
    dialect: 'socketio',
    nodes: 2,
    control: false,
  },
  {
    // Where a message costs one publish, the Redis client's own default is half of the bill. The ratios are against the cheaper row above.
    name: 'socketio-default',
    label: "the same, Redis client's default timeouts",
    file: 'programs/socketio.js',
    args: ['default-timeouts'],
    dialect: 'socketio',
    nodes: 2,
    control: false,
    isVariant: true,
    scenarios: ['user-to-user'],
  },
  {
    // The only other row that keeps what it sends.
    name: 'socketio-streams',
    label: 'Socket.IO + redis-streams-adapter, recovery on',
    file: 'programs/socketio-streams.js',
    args: [],
    dialect: 'socketio',
    nodes: 2,
    control: false,
    isVariant: true,
    scenarios: ['fan-out', 'user-to-user', 'small-channels'],
  },
  {
    name: 'tutorial',
    label: 'the tutorial: ws + one Redis channel',
    file: 'programs/tutorial.js',
    args: [],
    dialect: 'plain',
    nodes: 2,
    control: false,
  },
  {
    name: 'nchan',
    label: 'Nchan (C, nginx), messages kept in Redis',
    file: 'programs/nchan.js',
    args: [],
    dialect: 'nchan',
    nodes: 2,
    control: false,
    isVariant: true,
    scenarios: ['fan-out'],
    missing: missingNchan,
  },
  {
    name: 'control',
    label: 'control: ws, one process, no Redis',
    file: 'programs/control.js',
    args: [],
    dialect: 'plain',
    nodes: 1,
    control: true,
  },
  ...uwsPrograms,
]

/** The label of a program, by its name. */
export function labelOf(program: string): string {
  return programs.find(({ name }) => name === program)?.label ?? program
}
