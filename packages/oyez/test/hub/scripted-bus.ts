import type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  Position,
  ReadRequest,
  ReadResult,
} from '../../src/bus/bus.ts'
import { BusError } from '../../src/bus/bus-error.ts'
import { ScriptedLog } from './scripted-log.ts'

/** A bus whose logs the test writes by hand: epochs, forks and losses happen when it says so. Every channel has a log; nothing is hinted by itself. */
export class ScriptedBus implements Bus {
  readonly name = 'scripted'
  readonly #logs = new Map<string, ScriptedLog>()
  #handler: BusHandler | undefined
  #reads = 0

  log(channel: string): ScriptedLog {
    let log = this.#logs.get(channel)
    if (log === undefined) this.#logs.set(channel, (log = new ScriptedLog()))
    return log
  }

  /** Appends to a channel and hints it. */
  say(channel: string, count = 1): void {
    for (let n = 0; n < count; n++) {
      const { bytes, position } = this.log(channel).append()
      this.hint(channel, bytes, position)
    }
  }

  hint(channel: string, bytes: Uint8Array, position: Position): void {
    this.#handler?.onPublication(channel, bytes, position)
  }

  /** Hints may have been lost, on every channel. */
  gap(): void {
    this.#handler?.onStatus({ state: 'gap' })
  }

  async start(handler: BusHandler): Promise<void> {
    this.#handler = handler
    handler.onStatus({ state: 'up' })
  }

  async subscribe(): Promise<void> {}

  async unsubscribe(): Promise<void> {}

  async broadcast(): Promise<void> {}

  append(_request: AppendRequest): Promise<AppendResult> {
    return Promise.reject(new BusError('refused', 'the test appends'))
  }

  async read({ channel, ...request }: ReadRequest): Promise<ReadResult> {
    this.#reads += 1
    return this.log(channel).read({
      limit: request.limit,
      reverse: request.reverse ?? false,
      ...(request.after === undefined ? {} : { after: request.after }),
    })
  }

  async heads(channels: readonly string[]): Promise<readonly Position[]> {
    return channels.map((channel) => this.log(channel).head)
  }

  async closeProducer(_channel: string, _producerId: string): Promise<number> {
    return 0
  }

  stats(): BusStats {
    return { received: 0, unwanted: 0, appended: 0, reads: this.#reads, reconnects: 0 }
  }

  async close(): Promise<void> {
    this.#handler = undefined
  }
}
