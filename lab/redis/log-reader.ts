import { listOf, type Reply, RespClient, textOf } from './resp-client.ts'

/** One channel's log, as it stands in Redis: what the two keys say. */
export interface LogState {
  readonly channel: string
  /** Empty when there is no log. */
  readonly incarnation: string
  /** The replication id of the server, as far as an epoch repeats it: what the epoch of the next record will say. */
  readonly term: string
  readonly top: number
  /** Where earlier terms ended, newest first; the stored term is among them when the server has another one by now. */
  readonly forks: readonly { readonly term: string; readonly top: number }[]
  /** Entries of the stream. */
  readonly length: number
  /** Id of its newest entry. */
  readonly lastOffset: number
}

/** One record of a log. */
export interface LogRecord {
  readonly offset: number
  /** Who published it, by its payload and by what the server says. */
  readonly publisher: string
  readonly n: number
  readonly sender: string
  /** `seq:producer`, or empty. */
  readonly stamp: string
}

/** `oyez:{channel}:m` and `:s`; in a Cluster the hash tag is the partition's and the channel's name comes behind it. */
const KEY = /^oyez:(?:\{(.+)\}|\{[^}]*\}:(.+)):[ms]$/
const TERM_CHARS = 10
const PAGE = 1_000

/** Reads logs where they are, without the product: the layout is the one of BUS.md, written down here a second time. */
export class LogReader {
  readonly #clients: readonly RespClient[]
  /** Where each key is: which client, for the channels looked up so far. */
  readonly #homes = new Map<string, { readonly client: RespClient; readonly meta: string; readonly log: string }>()

  private constructor(clients: readonly RespClient[]) {
    this.#clients = clients
  }

  /** @param ports - The masters. */
  static async open(ports: readonly number[]): Promise<LogReader> {
    return new LogReader(await Promise.all(ports.map((port) => RespClient.open(port))))
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async states(channels: readonly string[]): Promise<readonly LogState[]> {
    await this.#locate(channels)
    return Promise.all(channels.map((channel) => this.#state(channel)))
  }

  /** All that is left of a log, oldest first. */
  async records(channel: string): Promise<readonly LogRecord[]> {
    await this.#locate([channel])
    const home = this.#homes.get(channel)
    if (home === undefined) return []
    const records: LogRecord[] = []
    let from = '-'
    for (;;) {
      const page = listOf(await home.client.call('XRANGE', home.log, from, '+', 'COUNT', PAGE))
      for (const entry of page) records.push(recordOf(listOf(entry)))
      if (page.length < PAGE) return records
      from = `(${textOf(listOf(page.at(-1))[0])}`
    }
  }

  /** Names of the keys of a channel. */
  async keys(
    channel: string,
  ): Promise<{ readonly client: RespClient; readonly meta: string; readonly log: string } | undefined> {
    await this.#locate([channel])
    const home = this.#homes.get(channel)
    return home
  }

  async #locate(channels: readonly string[]): Promise<void> {
    if (channels.every((channel) => this.#homes.has(channel))) return
    for (const client of this.#clients) {
      for (const reply of listOf(await client.call('KEYS', 'oyez:*'))) {
        const key = textOf(reply)
        const match = KEY.exec(key)
        const channel = match?.[1] ?? match?.[2]
        if (channel === undefined) continue
        const base = key.slice(0, -1)
        this.#homes.set(channel, { client, meta: `${base}m`, log: `${base}s` })
      }
    }
  }

  async #state(channel: string): Promise<LogState> {
    const home = this.#homes.get(channel)
    const nothing = { channel, incarnation: '', term: '', top: 0, forks: [], length: 0, lastOffset: 0 }
    if (home === undefined) return nothing
    const { client, meta, log } = home
    const [info, fields, length, newest] = await Promise.all([
      client.call('INFO', 'replication'),
      client.call('HMGET', meta, 'i', 't', 'n', 'f'),
      client.call('XLEN', log),
      client.call('XREVRANGE', log, '+', '-', 'COUNT', 1),
    ])
    const [incarnation = '', stored = '', top = '', forks = ''] = listOf(fields).map(textOf)
    const term = /master_replid:([0-9a-f]+)/.exec(textOf(info))?.[1]?.slice(0, TERM_CHARS) ?? ''
    return {
      channel,
      incarnation,
      term,
      top: Number(top),
      forks: [...(stored === term || stored === '' ? [] : [`${stored}:${top}`]), ...forks.split(',')]
        .filter((fork) => fork !== '')
        .map((fork) => ({ term: fork.split(':')[0] ?? '', top: Number(fork.split(':')[1]) })),
      length: Number(length),
      lastOffset: offsetOf(listOf(listOf(newest)[0])[0]),
    }
  }
}

function offsetOf(id: Reply | undefined): number {
  return Number(textOf(id).split('-')[0] ?? 0)
}

function recordOf([id, fields]: readonly Reply[]): LogRecord {
  const parts = listOf(fields)
  let record: Buffer = Buffer.alloc(0)
  let stamp = ''
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const value = parts[i + 1]
    if (textOf(parts[i]) === 'd' && Buffer.isBuffer(value)) record = value
    if (textOf(parts[i]) === 'p') stamp = textOf(value)
  }
  return { offset: offsetOf(id), ...messageOf(record), stamp }
}

/** Byte 0 is 0x6f, byte 1 the version, byte 2 says whether the publisher's info follows, with its length before it; the rest is the payload. */
function messageOf(record: Buffer): { publisher: string; n: number; sender: string } {
  try {
    const infoLength = record[2] === 1 ? record.readUInt16BE(3) : 0
    const payloadAt = record[2] === 1 ? 5 + infoLength : 3
    const info = infoLength === 0 ? {} : (JSON.parse(record.toString('utf8', 5, payloadAt)) as { user?: string })
    const data = JSON.parse(record.toString('utf8', payloadAt)) as { p?: string; n?: number }
    return { publisher: data.p ?? '?', n: data.n ?? 0, sender: info.user ?? '' }
  } catch {
    return { publisher: '?', n: 0, sender: '' }
  }
}
