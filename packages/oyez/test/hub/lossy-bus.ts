import type { AppendRequest, AppendResult, ProducerStamp } from '../../src/bus/bus.ts'
import { decodeRecord } from '../../src/hub/record.ts'
import { ScriptedBus } from './scripted-bus.ts'

/** A scripted bus that takes what is published, with the numbers of the producers, and loses the newest of it when the test says so. */
export class LossyBus extends ScriptedBus {
  /** Of each record of a channel; as long as its log. */
  readonly #stamps = new Map<string, (ProducerStamp | undefined)[]>()
  readonly #closed = new Set<string>()
  /** Messages that came again and were recognised. */
  duplicates = 0

  override append({ channel, record, producer }: AppendRequest): Promise<AppendResult> {
    const result = this.#judge(channel, producer)
    if (result !== undefined) return Promise.resolve(result)
    const payload = decodeRecord(record, 1)?.data ?? Buffer.from('""')
    const { bytes, position } = this.log(channel).append(JSON.parse(Buffer.from(payload).toString()) as string)
    this.#stampsOf(channel).push(producer)
    this.hint(channel, bytes, position)
    return Promise.resolve({ kind: 'appended', position })
  }

  override closeProducer(channel: string, producerId: string): Promise<number> {
    this.#closed.add(producerId)
    return Promise.resolve(this.#lastOf(channel, producerId))
  }

  /** Another master goes on without the newest `lost` records of a channel, and the bus has found it. */
  failOver(channel: string, lost: number): void {
    this.log(channel).failOver(lost)
    this.#stampsOf(channel).length = this.log(channel).top
    this.#closed.clear()
    this.gap()
  }

  #judge(channel: string, producer: ProducerStamp | undefined): AppendResult | undefined {
    if (producer === undefined) return undefined
    const last = this.#lastOf(channel, producer.id)
    if (producer.seq <= last) {
      this.duplicates += 1
      const offset = 1 + this.#stampsOf(channel).findIndex((one) => one?.id === producer.id && one.seq === producer.seq)
      return { kind: 'duplicate', position: { epoch: this.log(channel).epoch, offset } }
    }
    if (this.#closed.has(producer.id) || (last === 0 && producer.seq > 1)) return { kind: 'unknown-producer' }
    return producer.seq > last + 1 ? { kind: 'out-of-sequence', expected: last + 1 } : undefined
  }

  #lastOf(channel: string, id: string): number {
    return this.#stampsOf(channel).findLast((one) => one?.id === id)?.seq ?? 0
  }

  #stampsOf(channel: string): (ProducerStamp | undefined)[] {
    let stamps = this.#stamps.get(channel)
    if (stamps === undefined) this.#stamps.set(channel, (stamps = []))
    return stamps
  }
}
