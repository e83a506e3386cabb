import type { CommandFields, IncomingResult } from '../protocol/json-client-codec.ts'
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
  /** Sends one publish command; `data` is JSON text. */
  send(fields: CommandFields, data: string, answer: Answer<IncomingResult>): void
  restart(code: number, reason: string): void
  report(error: { readonly error: ClientError }): void
}

/** A publication that is not stored yet, as far as we know. */
interface Item {
  readonly data: string
  /** Its number in the channel; 0 before it was sent. */
  seq: number
  flying: boolean
  /** It was sent and no answer said what became of it: some history of the log may hold it under `seq`. */
  unsure: boolean
  /** It was acknowledged once; its promise is settled. */
  acknowledged: boolean
  resolve(position: Position | undefined): void
  reject(error: ClientError): void
}

/** The publications of one channel: what waits, in order, and the numbers. */
interface Line {
  readonly channel: string
  id: string
  /** The number for the next item that has none. */
  next: number
  items: Item[]
  flying: number
  /** An answer was no success: nothing is sent until the rest has been answered and the line was put in order. */
  halted: boolean
  /** The lowest number that was refused and so never used. */
  hole: number
  /** The number the log said it expects. */
  expected: number
  /** The log does not know the id. */
  unknown: boolean
  /** The id cannot be used any more. */
  spent: boolean
  backoff: Backoff
  timer: ReturnType<typeof setTimeout> | undefined
}

interface Retained {
  readonly line: Line
  readonly item: Item
  readonly at: number
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
 * channel is on its way, and only for what is certainly not stored. When that cannot be known, the publication is rejected as `uncertain` and
 * the channel goes on under a new id, so that one number never stands for two publications.
 */
export class Producer {
  readonly #options: ResolvedClientOptions
  readonly #host: ProducerHost
  readonly #lines = new Map<string, Line>()
  #retained: Retained[] = []
  #flying = 0
  #size = 0

  constructor(options: ResolvedClientOptions, host: ProducerHost) {
    this.#options = options
    this.#host = host
  }

  /**
   * Resolves with the place in the log, or `undefined` in a channel without one.
   *
   * @throws {ClientError} `queue-full`, `refused`, `uncertain` or `disconnected`.
   * @throws {TypeError} when the data has no JSON form.
   */
  async publish(channel: string, data: unknown): Promise<Position | undefined> {
    const text = JSON.stringify(data) as string | undefined
    if (text === undefined) throw new TypeError(`${typeof data} has no JSON form`)
    const { publishWindow, publishQueue } = this.#options
    if (this.#size >= publishWindow + publishQueue) {
      throw new ClientError('queue-full', `${this.#size} publications wait already`, { temporary: true })
    }
    return new Promise((resolve, reject) => {
      const line = this.#line(channel)
      line.items.push({ data: text, seq: 0, flying: false, unsure: false, acknowledged: false, resolve, reject })
      this.#size++
      this.#pump(line)
    })
  }

  /** Sends, on a new connection, what was not answered on the last one. */
  resume(): void {
    for (const line of this.#lines.values()) {
      // To a server that knows no numbers, what may be stored cannot be sent again.
      if (!this.#host.exact()) this.#renew(line, false)
      this.#go(line)
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
    for (const item of items)
      item.reject(item.unsure ? uncertain() : new ClientError('disconnected', 'client disconnected'))
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
      line = {
        channel,
        id: randomId(),
        next: 1,
        items: [],
        flying: 0,
        halted: false,
        hole: 0,
        expected: 0,
        unknown: false,
        spent: false,
        backoff: new Backoff(this.#options.backoff),
        timer: undefined,
      }
    }
    // The map's order is the order of use.
    this.#lines.set(channel, line)
    return line
  }

  #pump(line: Line): void {
    for (const item of line.items) {
      if (line.halted || this.#flying >= this.#options.publishWindow || !this.#host.connected()) return
      if (item.flying) continue
      item.seq ||= line.next++
      item.flying = true
      line.flying++
      this.#flying++
      const stamp = this.#host.exact() && { oyez_producer: line.id, oyez_seq: item.seq }
      this.#host.send({ channel: line.channel, ...stamp }, item.data, (outcome) => {
        // After `close()` the line belongs to nobody.
        if (this.#lines.get(line.channel) !== line) return
        item.flying = false
        line.flying--
        this.#flying--
        if (!(outcome instanceof ClientError)) this.#stored(line, item, outcome)
        else if (this.#host.exact()) this.#failed(line, item, outcome)
        else this.#drop(line, item, outcome.code === 'refused' ? outcome : uncertain())
        if (line.halted && !line.flying) this.#settle(line)
        for (const other of this.#lines.values()) this.#pump(other)
      })
    }
  }

  #stored(line: Line, item: Item, { epoch, offset }: IncomingResult): void {
    this.#remove(line, item)
    item.acknowledged = true
    line.backoff.good()
    if (offset) this.#retained.push({ line, item, at: Date.now() })
    this.#prune()
    item.resolve(offset ? { epoch, offset } : undefined)
  }

  #failed(line: Line, item: Item, error: ClientError): void {
    const { code, status, expected } = error
    line.halted = true
    if (code !== 'refused') {
      item.unsure = true
      if (code === 'timeout') this.#host.restart(5, 'publish timeout')
    } else if (status === 120) {
      // What was unsure stays so: this history does not hold it, but an older one, which a later failover may bring back, can.
      line.expected = line.expected ? Math.min(line.expected, expected) : expected
    } else if (status === 121) line.unknown = true
    else if (error.temporary) {
      // 111 was turned away at the door; behind any other temporary error the log may have been reached.
      item.unsure ||= status !== 111
    } else if (item.unsure) {
      // It may be stored from an earlier attempt, so its number cannot be given to another.
      line.spent = true
      this.#drop(line, item, uncertain(error))
    } else {
      line.hole = line.hole ? Math.min(line.hole, item.seq) : item.seq
      this.#drop(line, item, error)
    }
  }

  /** Puts a line in order after failures, when nothing of it is on its way. */
  #settle(line: Line): void {
    const { hole, expected, unknown, spent } = line
    line.hole = line.expected = 0
    line.unknown = line.spent = false
    // What was numbered behind a refused one cannot have been stored.
    if (hole) renumber(line, hole)
    const first = line.items.find(({ seq }) => seq)?.seq ?? line.next
    this.#prune()
    // Number 1 makes an id known: without it the others were only too early.
    if (spent) this.#renew(line, false)
    else if (unknown && first > 1)
      this.#renew(
        line,
        this.#retained.some((kept) => kept.line === line),
      )
    else if (expected && expected < first) {
      // The log has lost what it had acknowledged.
      const lost = this.#retained.filter((kept) => kept.line === line && kept.item.seq >= expected)
      if (lost[0]?.item.seq === expected && lost.length === first - expected) {
        this.#retained = this.#retained.filter((kept) => !lost.includes(kept))
        this.#size += lost.length
        for (const { item } of lost) item.unsure = true
        line.items.unshift(...lost.map(({ item }) => item))
      } else this.#renew(line, true)
    }
    clearTimeout(line.timer)
    line.timer = setTimeout(() => this.#go(line), hole && !spent ? 0 : line.backoff.next())
  }

  #go(line: Line): void {
    clearTimeout(line.timer)
    line.halted = false
    this.#pump(line)
  }

  /** Starts again under a new id, without what may be stored under the old one. */
  #renew(line: Line, isAcknowledgedLost: boolean): void {
    line.id = randomId()
    this.#retained = this.#retained.filter((kept) => kept.line !== line)
    const dropped = line.items.filter(({ unsure }) => unsure)
    for (const item of dropped) this.#drop(line, item, uncertain())
    renumber(line, 1)
    if (isAcknowledgedLost || dropped.some(({ acknowledged }) => acknowledged)) {
      this.#host.report({ error: uncertain(undefined, `${line.channel}: the log lost acknowledged publications`) })
    }
  }

  #prune(): void {
    this.#retained = this.#retained.slice(-RETAIN).filter(({ at }) => Date.now() - at < RETAIN_MS)
  }

  #drop(line: Line, item: Item, error: ClientError): void {
    this.#remove(line, item)
    item.reject(error)
  }

  #remove(line: Line, item: Item): void {
    line.items.splice(line.items.indexOf(item), 1)
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

function uncertain(cause?: unknown, message = 'the publication may or may not have been stored'): ClientError {
  return new ClientError('uncertain', message, { cause })
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('')
}
