import type { AppendRequest, AppendResult, Bus, BusHandler, BusStats, Position, ReadRequest, ReadResult } from 'oyez'
import type { Mutant } from './mutants.ts'

/** A bus between a hub and its real bus that breaks one promise. */
export class MutantBus implements Bus {
  readonly name = 'mutant'
  readonly #inner: Bus
  readonly #mutant: Mutant
  /** The full epoch that each incarnation was last seen under. */
  readonly #epochs = new Map<string, string>()
  #hints = 0
  #appends = 0
  #lastResult = new Map<string, Position>()

  constructor(inner: Bus, mutant: Mutant) {
    this.#inner = inner
    this.#mutant = mutant
  }

  start(handler: BusHandler): Promise<void> {
    const { swallowsGaps, losesEveryHint } = this.#mutant
    return this.#inner.start({
      onPublication: (channel, bytes, position) => {
        // Orders between hubs are no hints.
        if (position !== undefined && losesEveryHint !== undefined && ++this.#hints % losesEveryHint === 0) return
        handler.onPublication(channel, bytes, position && this.#blunted(position))
      },
      onStatus: (status) => {
        if (swallowsGaps !== true || status.state !== 'gap') handler.onStatus(status)
      },
    })
  }

  subscribe(channels: readonly string[]): Promise<void> {
    return this.#inner.subscribe(channels)
  }

  unsubscribe(channels: readonly string[]): Promise<void> {
    return this.#inner.unsubscribe(channels)
  }

  broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    return this.#inner.broadcast(channel, bytes)
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    const { withoutSequence, forgetsEveryAppend } = this.#mutant
    const last = this.#lastResult.get(request.channel)
    if (forgetsEveryAppend !== undefined && last !== undefined && ++this.#appends % forgetsEveryAppend === 0) {
      return { kind: 'duplicate', position: last }
    }
    const stamped =
      withoutSequence === true || forgetsEveryAppend !== undefined ? { ...request, producer: undefined } : request
    const result = await this.#inner.append(stamped)
    if (!('position' in result)) return result
    this.#lastResult.set(request.channel, result.position)
    return { ...result, position: this.#blunted(result.position) }
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { after } = request
    const result = await this.#inner.read(after === undefined ? request : { ...request, after: this.#sharpened(after) })
    return { ...result, head: this.#blunted(result.head) }
  }

  async heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    const heads = await this.#inner.heads(channels)
    return heads.map((head) => head && this.#blunted(head))
  }

  closeProducer(channel: string, producerId: string, owner?: string): Promise<number> {
    return this.#inner.closeProducer(channel, producerId, owner)
  }

  confirm(channel: string): Promise<boolean> {
    return this.#inner.confirm?.(channel) ?? Promise.resolve(true)
  }

  stats(): BusStats {
    return this.#inner.stats()
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  /** Without the term, if there is to be no fence. */
  #blunted(position: Position): Position {
    if (this.#mutant.withoutFence !== true) return position
    const incarnation = position.epoch.split('.')[0] ?? ''
    this.#epochs.set(incarnation, position.epoch)
    return { epoch: incarnation, offset: position.offset }
  }

  /** As the real bus knows it: with whatever term there is now. */
  #sharpened(position: Position): Position {
    if (this.#mutant.withoutFence !== true) return position
    return { epoch: this.#epochs.get(position.epoch) ?? `${position.epoch}.0000000000`, offset: position.offset }
  }
}
