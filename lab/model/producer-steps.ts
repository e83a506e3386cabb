import { Violation } from './explore.ts'
import { contentOf, idOf, isSameContent, recordNumber } from './record-number.ts'
import type { Appended, LogSteps } from './log.ts'
import { IDS_PER_PRODUCER, isServing, type Item, type Late, noLate, type Producer, type State } from './state.ts'
import type { Variant } from './variant.ts'

/** What becomes of a request: answered, carried out and the answer lost, or stuck in a socket until much later. */
export type Fate = 'answered' | 'answer lost' | 'stuck'

/** What producers do: section 8 of the algorithm. */
export class ProducerSteps {
  readonly #logs: LogSteps
  readonly #variant: Variant

  constructor(logs: LogSteps, variant: Variant) {
    this.#logs = logs
    this.#variant = variant
  }

  /** The items that may be sent now: the first without an answer, and the one behind it while that answer is awaited. */
  sendable({ items }: Producer): number[] {
    const first = items.findIndex(isOpen)
    if (first < 0) return []
    const second = first + 1
    const isPipelined = items[first]?.state === 'unsure' && items[second]?.state === 'waiting'
    return isPipelined ? [first, second] : [first]
  }

  send(state: State, [index, at, server]: readonly [number, number, number], fate: Fate): void {
    const producer = state.producers[index]
    const item = producer?.items[at]
    if (producer === undefined || item === undefined) return
    if (item.seq === 0) item.seq = producer.nextSeq++
    const request: Late = {
      server,
      producerId: index * IDS_PER_PRODUCER + producer.id,
      seq: item.seq,
      message: recordNumber(contentNumber(index, at), producer.id),
    }
    if (fate !== 'answered') item.state = 'unsure'
    if (fate === 'stuck') {
      state.late = request
      return
    }
    const result = this.#carryOut(state, request)
    if (fate === 'answered') this.#take(state, [producer, item, request], result)
  }

  /** The stuck request arrives after all; nobody waits for its answer. */
  arriveLate(state: State): void {
    const { late } = state
    state.late = noLate()
    this.#carryOut(state, late)
  }

  /** Acknowledged messages are kept for a while only. */
  forget({ items }: Producer): void {
    for (const item of items) if (item.state === 'retained') item.state = 'acked'
  }

  #carryOut(state: State, { server: at, ...request }: Late): Appended {
    const server = state.servers[at]
    if (server === undefined || !isServing(server)) return { kind: 'unknown-producer' }
    const result = this.#logs.append(state, server, request)
    if (result.kind === 'appended') {
      for (const node of state.nodes) {
        if (node.server === at) node.hints.push({ place: { ...result.place }, message: request.message })
      }
    }
    return result
  }

  #take(state: State, [producer, item, request]: readonly [Producer, Item, Late], result: Appended): void {
    if (result.kind === 'appended' || result.kind === 'duplicate') {
      const records = state.servers[request.server]?.log.records ?? []
      if (!records.some((record) => isSameContent(record, request.message)))
        throw new Violation('I9: a message was acknowledged that is not in the log')
      item.state = 'retained'
      return
    }
    const first = producer.items.find((one) => isOpen(one) && one.seq > 0)?.seq ?? producer.nextSeq
    if (result.kind === 'unknown-producer') {
      if (first > 1) this.#renew(state, [producer, request], 1)
      return
    }
    if (result.expected >= first) return
    const lost = producer.items.filter(({ state: is, seq }) => is === 'retained' && seq >= result.expected)
    if (lost.length === first - result.expected) {
      for (const one of lost) one.state = this.#variant === 'put-back-as-new' ? 'waiting' : 'unsure'
    } else this.#renew(state, [producer, request], result.expected)
  }

  /** The old id is closed, which tells what is stored under it; what another history may hold is told, the rest starts again under a new id. */
  #renew(state: State, [producer, request]: readonly [Producer, Late], expected: number): void {
    const isReused = this.#variant === 'id-used-again'
    const server = state.servers[request.server]
    if (!isReused && server !== undefined) {
      const last = this.#logs.close(state, server, request.producerId)
      for (const [at, item] of producer.items.entries()) {
        if (item.state !== 'unsure' || item.seq > last) continue
        const content = contentNumber(Math.floor(contentOf(request.message) / MOST_ITEMS), at)
        if (!server.log.records.some((record) => contentOf(record) === content)) {
          throw new Violation('I9: the log says of a message that is not in it that it is stored')
        }
        item.state = 'acked'
      }
    }
    const isOutOfIds = producer.id + 1 === IDS_PER_PRODUCER
    if (!isReused && !isOutOfIds) producer.id += 1
    producer.nextSeq = isReused ? expected : 1
    for (const item of producer.items) {
      // The model has few ids: with the last one its producer gives up.
      if (item.state === 'unsure' || (isOutOfIds && item.state === 'waiting')) item.state = 'told'
      if (item.state === 'retained') item.state = 'acked'
      item.seq = 0
    }
  }
}

function isOpen({ state }: Item): boolean {
  return state === 'waiting' || state === 'unsure'
}

const MOST_ITEMS = 8

function contentNumber(producer: number, item: number): number {
  return producer * MOST_ITEMS + item
}

/** I8: in any one history the messages of a producer under one id stand in the order in which it published them. */
export function checkOrder(records: readonly number[]): void {
  const last = new Map<number, number>()
  for (const record of records) {
    const line = Math.floor(contentOf(record) / MOST_ITEMS) * IDS_PER_PRODUCER + idOf(record)
    if (contentOf(record) < (last.get(line) ?? 0)) {
      throw new Violation('I8: the messages of a producer stand in a wrong order')
    }
    last.set(line, contentOf(record))
  }
}
