import { expect } from 'vitest'
import type { AppendRequest, BusStatus, Position, ReadRequest, ReadResult, Retention } from '../../../src/bus/bus.ts'
import { RedisBus, type RedisBusOptions } from '../../../src/bus/redis/index.ts'
import { waitFor } from '../../fixture/redis-server.ts'

export const AMPLE: Retention = { size: 10_000, ttlMs: 600_000, metaTtlMs: 1_200_000 }

/** A started RedisBus with everything that it said. */
export class RedisNode {
  readonly bus: RedisBus
  readonly statuses: BusStatus[] = []
  readonly heard: { channel: string; text: string; position: Position | undefined }[] = []

  private constructor(bus: RedisBus) {
    this.bus = bus
  }

  static async start(options: RedisBusOptions): Promise<RedisNode> {
    const node = new RedisNode(new RedisBus(options))
    await node.bus.start({
      onPublication: (channel, bytes, position) => {
        node.heard.push({ channel, text: Buffer.from(bytes).toString(), position })
      },
      onStatus: (status) => node.statuses.push(status),
    })
    return node
  }

  get states(): string[] {
    return this.statuses.map(({ state }) => state)
  }

  /** Resolves when a status of this kind comes that was not there at `from`. */
  async says(state: BusStatus['state'], from = 0, deadlineMs = 15_000): Promise<void> {
    await waitFor(() => this.states.indexOf(state, from) !== -1, deadlineMs)
  }

  async store(channel: string, text: string, more: Partial<AppendRequest> = {}): Promise<Position> {
    const result = await this.bus.append({ channel, record: Buffer.from(text), retention: AMPLE, ...more })
    expect(result.kind).toBe('appended')
    if (result.kind !== 'appended') throw new Error(result.kind)
    return result.position
  }

  read(channel: string, more: Partial<ReadRequest> = {}): Promise<ReadResult> {
    return this.bus.read({ channel, limit: 10_000, retention: AMPLE, mint: true, ...more })
  }

  async texts(channel: string, more: Partial<ReadRequest> = {}): Promise<string[]> {
    const result = await this.read(channel, more)
    expect(result.verdict).toBe('continue')
    return result.verdict === 'continue' ? result.records.map(({ record }) => Buffer.from(record).toString()) : []
  }

  async hears(channel: string, count: number): Promise<void> {
    await waitFor(() => this.heard.filter((heard) => heard.channel === channel).length >= count)
  }
}
