import type { Bus } from '../bus/bus.ts'
import type { ChannelRules } from './channel-rule.ts'
import type { HistoryReply, HistoryRequest } from './command-handler.ts'
import { toHistoryReply } from './history-result.ts'
import type { HubLimits } from './options.ts'
import type { ReadGate, Reader } from './read-gate.ts'

/** What reading history needs. */
export interface HistoryReaderParts {
  readonly bus: Bus
  readonly rules: ChannelRules
  readonly gate: ReadGate
  /** An answer holds at most `highWaterBytes` of records; the first record is part of it whatever its size. */
  readonly limits: Pick<HubLimits, 'highWaterBytes'>
}

/** Reads the history of channels, for clients and for the application. */
export class HistoryReader {
  readonly #parts: HistoryReaderParts

  constructor(parts: HistoryReaderParts) {
    this.#parts = parts
  }

  /** @throws {ReaderGoneError} when the reader left while the read waited for its turn. */
  async read(reader: Reader, { channel, limit, since, reverse }: HistoryRequest): Promise<HistoryReply> {
    const { bus, rules, gate, limits } = this.#parts
    const { retention } = rules.of(channel)
    const request = { channel, after: since, limit, maxBytes: limits.highWaterBytes, reverse, retention }
    return toHistoryReply(await gate.run(reader, () => bus.read(request)))
  }

  /** Each call takes turns with the connections, as a reader of its own. */
  readForApplication(request: HistoryRequest): Promise<HistoryReply> {
    return this.read({ isListening: true }, request)
  }
}
