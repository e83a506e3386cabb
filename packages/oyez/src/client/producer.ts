import type { Command, IncomingResult } from '../protocol/json-client-codec.ts'
import type { Position } from '../protocol/position.ts'
import { Backoff } from './backoff.ts'
import { ClientError } from './client-error.ts'
import type { ResolvedClientOptions } from './options.ts'
import type { Answer } from './request-table.ts'

/** What a producer needs of its client. */
export interface ProducerHost {
  connected(): boolean
  /** Whether the server knows producers and sequences. */
  exact(): boolean
  /** Sends one command. */
  send(command: Omit<Command, 'id'>, answer: Answer<IncomingResult>): void
  restart(code: number, reason: string): void
  report(error: { readonly error: ClientError }): void
}

/** A publication that is not stored yet, as far as we know, or one that is kept to be put back. */
interface Item {
  readonly line: Line
  readonly data: string
  /** Its number in the channel; 0 before it was sent. */
  seq: number
  /** The newest history of the log that was known when it was sent at first. */
  epoch?: string
  flying?: boolean
  /** It was sent and no answer said what became of it: some history of the log may hold it under `seq`. */
  unsure?: boolean
  /** When it was acknowledged at last, and its promise settled. */
  at?: number
  /** It was refused, but may be stored from an earlier attempt. */
  refusal?: ClientError
  resolve(position: Position | undefined): void
  reject(error: ClientError): void
}

/** The publications of one channel: what waits, in order, and the numbers. */
interface Line {
  readonly channel: string
  readonly backoff: Backoff
  id: string
  /** The history of the log in which the last one was stored; `?` before, which is the name of none. */
  epoch: string
  /** The number for the next item that has none. */
  next: number
  items: Item[]
  /** An answer was no success: nothing is sent until the rest has been answered and the line was put in order. */
  halted?: boolean | undefined
  /** The lowest number that was refused and so never used. */
  hole?: number | undefined
  /** The number the log said it expects. */
  expected?: number | undefined
  /** The log does not know the id. */
  unknown?: boolean
  /** The id cannot be used any more: the log is asked to close it. */
  spent?: boolean
  /** The log has lost what it had acknowledged, and it cannot be put back. */
  lost?: boolean
  timer?: ReturnType<typeof setTimeout>
}

/** Acknowledged publications kept to be put back when a failover lost them. */
const RETAIN = 256
const RETAIN_MS = 30_000
/** Channels whose numbers are remembered while nothing waits in them. */
const IDLE_LINES = 256

/**
 * Publishes in order and exactly once. Every channel has a random producer id and counts 1, 2, 3 …; a window of publications is on its way without
 * an answer, and after a reconnect, to whichever node, the unanswered ones are sent again under their numbers: the log recognises what it has.
 *
 * What is refused gives its number back: it never entered the log, and the log accepts no hole. Numbers are changed only while nothing of the
 * channel is on its way, and only for what is certainly not stored. When that is not known, the log is asked to close the id, which tells what it has
 * stored, and the channel goes on under a new one. What another history of the log may hold is rejected as `uncertain`, so that one number never
 * stands for two publications and no publication is stored under two.
 */
export class Producer {
  readonly #options: ResolvedClientOptions
  readonly #host: ProducerHost
  readonly #lines = new Map<string, Line>()
  #retained: Item[] = []
  #flying = 0
  #size = 0

  constructor(options: ResolvedClientOptions, host: ProducerHost) {
    this.#options = options
    this.#host = host
  }

  /**
   * Resolves with the place in the log, or `undefined` in a channel without one and when only the fact is known.
   *
   * @throws {ClientError} `queue-full`, `refused`, `uncertain` or `disconnected`.
   * @throws {TypeError} when the data has no JSON form.
   */
  async publish(channel: string, data: unknown): Promise<Position | undefined> {
    const text = JSON.stringify(data) as string | undefined
    if (text === undefined) throw new TypeError(`${typeof data} has no JSON form`)
    if (this.#size >= this.#options.publishWindow + this.#options.publishQueue) {
      throw new ClientError('queue-full', 'queue-full')
    }
    return new Promise((resolve, reject) => {
      const line = this.#line(channel)
      line.items.push({ line, data: text, seq: 0, resolve, reject })
      this.#size++
      this.#pump(line)
    })
  }

  /** Sends, on a new connection, what was not answered on the last one. */
  resume(): void {
    for (const line of this.#lines.values()) {
      // To a server that knows no numbers, what may be stored cannot be sent again.
      if (!this.#host.exact()) this.#renew(line)
      this.#later(line, false)
    }
    // The node that we come to does not know that we published.
    this.sync()
  }

  /** Another master may have lost what was acknowledged: asks for the last publication of each channel again, where nothing waits that would show it. */
  sync(): void {
    for (const line of this.#lines.values()) {
      if (line.items.length) continue
      this.#putBack(line, this.#kept(line).slice(-1))
      this.#pump(line)
    }
  }

  /** Rejects everything that waits and forgets all numbers. */
  close(): void {
    const items = [...this.#lines.values()].flatMap((line) => {
      clearTimeout(line.timer)
      return line.items
    })
    this.#lines.clear()
    this.#retained = []
    this.#size = this.#flying = 0
    for (const item of items) item.reject(item.unsure ? uncertain() : new ClientError('disconnected', 'disconnected'))
  }

  #line(channel: string): Line {
    let line = this.#lines.get(channel)
    if (line) this.#lines.delete(channel)
    else {
      if (this.#lines.size >= IDLE_LINES) {
        for (const [name, { items }] of this.#lines) {
          if (items.length) continue
          this.#lines.delete(name)
          break
        }
      }
      const backoff = new Backoff(this.#options.backoff)
      line = { channel, backoff, id: randomId(), epoch: '?', next: 1, items: [] }
    }
    // The map's order is the order of use.
    this.#lines.set(channel, line)
    return line
  }

  #pump(line: Line): void {
    const { channel } = line
    for (const item of line.items) {
      if (line.halted || this.#flying >= this.#options.publishWindow || !this.#host.connected()) return
      if (item.flying) continue
      if (!item.seq) {
        item.seq = line.next++
        item.epoch = line.epoch
      }
      item.flying = true
      this.#flying++
      const stamp = this.#host.exact() && { oyez_producer: line.id, oyez_seq: item.seq }
      this.#host.send({ method: 'publish', fields: { channel, ...stamp }, data: item.data }, (outcome) => {
        // After `close()` the line belongs to nobody.
        if (this.#lines.get(channel) !== line) return
        item.flying = false
        this.#flying--
        if (!(outcome instanceof ClientError)) this.#stored(item, outcome)
        else if (this.#host.exact()) this.#failed(item, outcome)
        else this.#drop(item, outcome.code === 'refused' ? outcome : uncertain())
        if (line.halted && !line.items.some(({ flying }) => flying)) this.#settle(line)
        for (const other of this.#lines.values()) this.#pump(other)
      })
    }
  }

  #stored(item: Item, { epoch, offset }: IncomingResult): void {
    this.#remove(item)
    item.at = performance.now()
    item.line.epoch = epoch
    item.line.backoff.good()
    if (offset) this.#retained.push(item)
    this.#kept(item.line)
    item.resolve(offset ? { epoch, offset } : undefined)
  }

  #failed(item: Item, error: ClientError): void {
    const { code, status, expected } = error
    const { line } = item
    line.halted = true
    if (code !== 'refused') {
      item.unsure = true
      if (code === 'timeout') this.#host.restart(5, 'timeout')
    } else if (status === 120) {
      // What was unsure stays so: this history does not hold it, but an older one, which a later failover may bring back, can.
      line.expected = Math.min(line.expected ?? expected, expected)
    } else if (status === 121) line.unknown = true
    else if (error.temporary) {
      // 111 was turned away at the door; behind any other temporary error the log may have been reached.
      item.unsure ||= status !== 111
    } else if (item.unsure) {
      // It may be stored from an earlier attempt, so its number cannot be given to another.
      line.spent = true
      item.refusal = error
    } else {
      line.hole = Math.min(line.hole ?? item.seq, item.seq)
      this.#drop(item, error)
    }
  }

  /** Puts a line in order after failures, when nothing of it is on its way. */
  #settle(line: Line): void {
    const { hole, expected } = line
    line.hole = line.expected = undefined
    // What was numbered behind a refused one cannot have been stored.
    if (hole) renumber(line, hole)
    const first = line.items[0]?.seq || line.next
    const kept = this.#kept(line)
    // Number 1 makes an id known: without it the others were only too early.
    if ((line.unknown &&= first > 1)) {
      line.spent = true
      line.lost = !!kept.length
    } else if (!line.spent && expected && expected < first) {
      // The log has lost what it had acknowledged.
      const lost = kept.slice(expected - first)
      if (lost[0]?.seq === expected && lost.length === first - expected) this.#putBack(line, lost)
      else line.spent = line.lost = true
    }
    this.#later(line, !hole && !line.spent)
  }

  /** Goes on with a line. */
  #later(line: Line, isSlow: boolean): void {
    clearTimeout(line.timer)
    line.timer = setTimeout(
      () => {
        line.halted = line.spent
        if (line.spent) this.#retire(line)
        this.#pump(line)
      },
      isSlow ? line.backoff.next() : 0,
    )
  }

  /** Has the log close the id, so that nothing more can come under it, and goes on under a new one. */
  #retire(line: Line): void {
    const { channel, id } = line
    if (!this.#host.connected()) return
    this.#host.send({ method: 'oyez_close', fields: { channel, oyez_producer: id } }, (outcome) => {
      if (this.#lines.get(channel) !== line || line.id !== id) return
      const isRefused = outcome instanceof ClientError
      const isTemporary = isRefused && outcome.temporary
      if (!isTemporary) this.#renew(line, isRefused ? {} : outcome)
      this.#later(line, isTemporary)
    })
  }

  /** Starts again under a new id, without what may be stored under the old one. @param closed - What the log said of the old one. */
  #renew(line: Line, closed: Partial<IncomingResult> = {}): void {
    this.#retained = this.#retained.filter((item) => item.line !== line)
    for (const item of line.items.slice()) {
      const { seq, unsure, refusal } = item
      if (seq && seq <= (closed.seq ?? 0)) {
        this.#remove(item)
        item.resolve(undefined)
      } else if (unsure && (line.unknown || item.epoch !== closed.epoch)) {
        if (item.at) line.lost = true
        this.#drop(item, uncertain(refusal))
      } else if (refusal) this.#drop(item, refusal)
    }
    line.id = randomId()
    renumber(line, 1)
    if (line.lost)
      this.#host.report({ error: new ClientError('uncertain', `${line.channel}: acknowledged publications are lost`) })
    line.spent = line.unknown = line.lost = false
  }

  /** What can be put back: the newest that were acknowledged. Forgets what is too old. */
  #kept(line: Line): readonly Item[] {
    this.#retained = this.#retained.slice(-RETAIN).filter(({ at = 0 }) => performance.now() - at < RETAIN_MS)
    return this.#retained.filter((item) => item.line === line)
  }

  /** Has acknowledged publications sent again, under their numbers. */
  #putBack(line: Line, lost: readonly Item[]): void {
    this.#retained = this.#retained.filter((item) => !lost.includes(item))
    this.#size += lost.length
    for (const item of lost) item.unsure = true
    line.items.unshift(...lost)
  }

  #drop(item: Item, error: ClientError): void {
    this.#remove(item)
    item.reject(error)
  }

  #remove(item: Item): void {
    const { items } = item.line
    items.splice(items.indexOf(item), 1)
    this.#size--
  }
}

/** Takes the numbers from `from` on back; they are given out again in order. */
function renumber(line: Line, from: number): void {
  line.next = from
  for (const item of line.items) {
    if (item.seq < from) continue
    item.seq = 0
    item.unsure = false
  }
}

function uncertain(cause?: unknown): ClientError {
  return new ClientError('uncertain', 'it may or may not be stored', { cause })
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('')
}
