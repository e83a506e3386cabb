import type {
  AppendRequest,
  AppendResult,
  Bus,
  BusHandler,
  BusStats,
  Position,
  ReadRequest,
  ReadResult,
} from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { checkOwner } from '../producer-owner.ts'
import { GuardedHandler } from '../guarded-handler.ts'
import { refuseAck } from '../append-ack.ts'
import { MemoryBroker, type MemoryMember } from './memory-broker.ts'

export interface MemoryBusOptions {
  /** Joins this bus with the others in this process that were given the same broker. @default a broker of its own */
  readonly broker?: MemoryBroker | undefined
}

interface Hint {
  readonly channel: string
  readonly bytes: Uint8Array
  readonly position: Position | undefined
}

/**
 * The bus for one process: everything is kept in its memory and gone when it ends.
 *
 * Hints come in a microtask after the step that published, never inside `append`: all hints of one step in one go. A hub that writes to its
 * clients once per turn of the event loop so has everything that was published in this turn in the same write; a macrotask would come a
 * turn too late.
 */
export class MemoryBus implements Bus {
  readonly name = 'memory'
  readonly #broker: MemoryBroker
  readonly #member: MemoryMember = { hear: (channel, bytes, position) => this.#hear({ channel, bytes, position }) }
  readonly #stats = { received: 0, unwanted: 0, appended: 0, reads: 0, reconnects: 0 }
  #state: 'idle' | 'running' | 'closed' = 'idle'
  #handler: BusHandler | undefined
  #waiting: Hint[] = []

  constructor(options: MemoryBusOptions = {}) {
    this.#broker = options.broker ?? new MemoryBroker()
  }

  async start(handler: BusHandler): Promise<void> {
    if (this.#state !== 'idle') throw new BusError('closed', 'this memory bus was started before; make a new one')
    this.#state = 'running'
    this.#handler = new GuardedHandler(handler)
    this.#broker.join(this.#member)
    this.#handler.onStatus({ state: 'up' })
  }

  async subscribe(channels: readonly string[]): Promise<void> {
    this.#mustRun()
    for (const channel of channels) this.#broker.subscribe(this.#member, channel)
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    this.#mustRun()
    for (const channel of channels) this.#broker.unsubscribe(this.#member, channel)
  }

  async broadcast(channel: string, bytes: Uint8Array): Promise<void> {
    this.#mustRun()
    this.#broker.broadcast(channel, bytes)
  }

  async append(request: AppendRequest): Promise<AppendResult> {
    this.#mustRun()
    refuseAck(request.ack)
    checkOwner(request.producer?.owner)
    const result = this.#broker.append(request)
    if (result.kind === 'appended') this.#stats.appended += 1
    return result
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    this.#mustRun()
    this.#stats.reads += 1
    return this.#broker.read(request)
  }

  async heads(channels: readonly string[]): Promise<readonly (Position | undefined)[]> {
    this.#mustRun()
    return this.#broker.heads(channels)
  }

  async closeProducer(channel: string, producerId: string, owner?: string): Promise<number> {
    this.#mustRun()
    checkOwner(owner)
    return this.#broker.closeProducer(channel, producerId, owner)
  }

  async confirm(): Promise<boolean> {
    this.#mustRun()
    return true
  }

  stats(): BusStats {
    return { ...this.#stats }
  }

  async close(): Promise<void> {
    if (this.#state === 'running') this.#broker.leave(this.#member)
    this.#state = 'closed'
    this.#waiting = []
  }

  #hear(hint: Hint): void {
    if (this.#waiting.push(hint) === 1) queueMicrotask(() => this.#deliver())
  }

  #deliver(): void {
    const hints = this.#waiting
    this.#waiting = []
    for (const { channel, bytes, position } of hints) {
      // The handler may have closed the bus or left the channel meanwhile.
      if (this.#state !== 'running' || !this.#broker.isSubscribed(this.#member, channel)) continue
      this.#stats.received += 1
      this.#handler?.onPublication(channel, bytes, position)
    }
  }

  #mustRun(): void {
    if (this.#state === 'running') return
    throw new BusError('closed', this.#state === 'idle' ? 'the memory bus is not started' : 'the memory bus is closed')
  }
}
