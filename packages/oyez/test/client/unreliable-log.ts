import { vi } from 'vitest'
import { ClientError } from '../../src/client/client-error.ts'
import { resolveClientOptions } from '../../src/client/options.ts'
import { Producer } from '../../src/client/producer.ts'
import { RequestTable } from '../../src/client/request-table.ts'
import { decodeServerFrame, type IncomingResult } from '../../src/protocol/json-client-codec.ts'

/** What happens to one publish command on its way. */
export type Fate =
  | 'ok'
  | 'lost'
  | 'answer-lost'
  | 'busy'
  | 'uncertain-stored'
  | 'uncertain'
  | 'refused'
  | 'failover'
  | 'forget'
  /** As `forget`, without a cut: the command finds a log that is new. */
  | 'vanish'
  /** The history as it was before the last failover or loss is back: a replica that had not followed yet was promoted. */
  | 'resurrect'

/** A log with the append rules of the store contract, behind a network that does what the fates say. */
export class UnreliableLog {
  readonly requests = new RequestTable<IncomingResult>()
  readonly reports: ClientError[] = []
  readonly producer: Producer
  fates: Fate[] = []
  records: { data: string; id: string; seq: number }[] = []
  #producers = new Map<string, number>()
  #closed = new Set<string>()
  /** Of the history: never the same again after a failover. */
  #epoch = 1
  #before: { data: string; id: string; seq: number }[] = []
  #up = true
  #wire: (() => void)[] = []

  constructor() {
    const options = resolveClientOptions('ws://x', { publishWindow: 4, publishQueue: 100 })
    this.producer = new Producer(options, {
      connected: () => this.#up,
      exact: () => true,
      restart: () => this.cut(),
      report: ({ error }) => this.reports.push(error),
      send: ({ method, fields, data = '' }, answer) => {
        const id = this.requests.add(10_000, answer)
        const stamp = { data, id: String(fields['oyez_producer']), seq: Number(fields['oyez_seq']) }
        this.#wire.push(() => this.#serve(id, method === 'oyez_close' ? { ...stamp, seq: 0 } : stamp))
      },
    })
  }

  /** The connection ends with everything on it; the client comes back later. */
  cut(): void {
    this.#up = false
    this.#wire = []
    this.requests.settleAll(new ClientError('connection-lost', 'cut', { temporary: true }))
    setTimeout(() => {
      this.#up = true
      this.producer.resume()
    }, 100)
  }

  /** Serves everything that was sent, and what follows from it, until nothing is left to do. */
  async run(): Promise<void> {
    for (let step = 0; step < 10_000; step++) {
      const serve = this.#wire.shift()
      if (serve) serve()
      else if (vi.getTimerCount() === 0) return
      else await vi.advanceTimersToNextTimerAsync()
    }
    throw new Error('the producer never comes to rest')
  }

  /** The newest publications are gone, and nobody is told. */
  failOver(lost: number): void {
    this.records = this.records.slice(0, this.records.length - lost)
    this.#begin()
  }

  /** Another history goes on. */
  #begin(): void {
    this.#epoch++
    this.#producers.clear()
    this.#closed.clear()
    for (const { id: producer, seq } of this.records) this.#producers.set(producer, seq)
  }

  /** @param stamp - With number 0 it closes the producer. */
  #serve(id: number, stamp: { data: string; id: string; seq: number }): void {
    const fate = this.fates.shift() ?? 'ok'
    const refuse = (status: number, temporary: boolean, expected?: number): void => {
      this.requests.settle(id, new ClientError('refused', 'no', { status, temporary, expected }))
    }
    if (fate === 'failover' || fate === 'forget' || fate === 'vanish' || fate === 'resurrect') {
      const { records } = this
      this.records = fate === 'failover' ? records.slice(0, -2) : fate === 'resurrect' ? [...this.#before] : []
      // Of several losses, the fullest history is the one that may come back.
      if (records.length >= this.#before.length) this.#before = records
      this.#begin()
      if (fate === 'failover' || fate === 'forget') return this.cut()
    }
    if (fate === 'lost') return this.cut()
    if (fate === 'busy') return refuse(111, true)
    if (fate === 'uncertain') return refuse(100, true)
    if (fate === 'refused') return refuse(103, false)
    const last = this.#producers.get(stamp.id) ?? 0
    const tell = (fields: object): void => {
      if (fate === 'answer-lost') return this.cut()
      if (fate === 'uncertain-stored') return refuse(100, true)
      const [message] = decodeServerFrame(JSON.stringify({ id: 1, publish: { epoch: `e${this.#epoch}`, ...fields } }))
      if (message?.type === 'result') this.requests.settle(id, message.result)
    }
    if (!stamp.seq) {
      this.#closed.add(stamp.id)
      return tell({ seq: last })
    }
    if (this.#closed.has(stamp.id) ? stamp.seq > last : !last && stamp.seq > 1) return refuse(121, false)
    if (stamp.seq > last + 1) return refuse(120, false, last + 1)
    if (stamp.seq === last + 1) {
      this.records.push(stamp)
      this.#producers.set(stamp.id, stamp.seq)
    }
    tell({ offset: 1 + this.records.findIndex((one) => one.id === stamp.id && one.seq === stamp.seq) })
  }
}

/** Publishes 1 … count and returns what became of each: its offset, `stored` where that is all that is known, or the code of its error. */
export async function publishAll(log: UnreliableLog, count: number): Promise<(number | string)[]> {
  const outcomes = Array.from({ length: count }, (_, n) =>
    log.producer.publish('c', n).then(
      (position) => position?.offset ?? 'stored',
      (error: ClientError) => error.code,
    ),
  )
  await log.run()
  return Promise.all(outcomes)
}

export function stored(log: UnreliableLog): number[] {
  return log.records.map(({ data }) => Number(data))
}
