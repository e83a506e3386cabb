import type { AppendRequest, AppendResult, Position, ReadRequest, ReadResult } from '../bus.ts'
import { Interest } from '../interest.ts'
import { LogStore, type LogStoreOptions } from '../log-store.ts'

/** Hears what was published on the channels it wants. */
export interface MemoryMember {
  hear(channel: string, bytes: Uint8Array, position: Position | undefined): void
}

/** How a {@link MemoryBroker} keeps time and what it holds at most. */
export interface MemoryBrokerOptions extends LogStoreOptions {}

/**
 * What several `MemoryBus`es of one process share: the logs of all channels. The logs live as long as this object, also while no bus is
 * joined; its only timer runs while one is.
 */
export class MemoryBroker {
  readonly #logs: LogStore
  readonly #interest = new Interest<MemoryMember>()
  readonly #members = new Set<MemoryMember>()

  constructor(options: MemoryBrokerOptions = {}) {
    this.#logs = new LogStore(options)
  }

  join(member: MemoryMember): void {
    this.#members.add(member)
    this.#logs.startSweeping()
  }

  leave(member: MemoryMember): void {
    this.#interest.removeAll(member)
    this.#members.delete(member)
    if (this.#members.size === 0) this.#logs.stopSweeping()
  }

  subscribe(member: MemoryMember, channel: string): void {
    this.#interest.add(member, channel)
  }

  unsubscribe(member: MemoryMember, channel: string): void {
    this.#interest.remove(member, channel)
  }

  isSubscribed(member: MemoryMember, channel: string): boolean {
    return this.#interest.has(member, channel)
  }

  broadcast(channel: string, bytes: Uint8Array): void {
    const copy = new Uint8Array(bytes)
    for (const member of this.#interest.of(channel)) member.hear(channel, copy, undefined)
  }

  append(request: AppendRequest): AppendResult {
    // The publisher may write to its bytes again, or they are a slice of a pool that would be pinned. Log and hearers share the one copy.
    const record = new Uint8Array(request.record)
    const result = this.#logs.append({ ...request, record })
    if (result.kind === 'appended') {
      for (const member of this.#interest.of(request.channel)) member.hear(request.channel, record, result.position)
    }
    return result
  }

  read(request: ReadRequest): ReadResult {
    return this.#logs.read(request)
  }

  closeProducer(channel: string, producerId: string, owner?: string): number {
    return this.#logs.closeProducer(channel, producerId, owner)
  }

  heads(channels: readonly string[]): (Position | undefined)[] {
    return this.#logs.heads(channels)
  }
}
