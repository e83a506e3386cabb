import type { RedisArgument } from '@redis/client'
import type { AppendAck, BusStatus } from '../../bus.ts'
import type { BusError } from '../../bus-error.ts'
import type { KeySpace } from '../key-space.ts'
import type { CallKind } from '../redis-error-table.ts'
import type { ScriptCall } from '../scripts.ts'
import type { ServerClock } from '../server-clock.ts'
import type { SubscriptionTable } from '../subscription-table.ts'

/** What a topology tells the bus. */
export interface TopologyHost {
  /** A message on one of the pub/sub channels; the table says whose it is. */
  onHint(table: SubscriptionTable, name: string, message: Buffer): void
  onStatus(status: BusStatus): void
  /** A Redis answered that it takes no writes at present. */
  onRefusal(error: BusError): void
}

export interface AppendCall {
  readonly channel: string
  /** The script's arguments; the deadline among them is in the time of the server that it goes to. */
  readonly argsAt: (clock: ServerClock) => readonly RedisArgument[]
}

/** Which Redis has which channel, and the ways there. All errors are `BusError`s. */
export interface Topology {
  /** Names of keys. */
  readonly keys: KeySpace
  /** The pub/sub channel on which the hints of a channel are published. */
  hintName(channel: string): string
  readonly closed: boolean
  /** Times that something was lost and found again. */
  readonly reconnects: number
  /** Connects to every Redis; rejects with what is wrong. */
  connect(): Promise<void>
  /** Begins to tell the host the status. */
  announce(): void
  /** A channel name for every Redis that there is, made of `base`. */
  sampleChannels(base: string): string[]
  /** Appends to one channel are carried out in the order of the calls. */
  append(call: AppendCall): Promise<unknown>
  /** Runs a script on the keys of a channel. */
  run(kind: CallKind, channel: string, call: ScriptCall): Promise<unknown>
  publish(channel: string, name: string, payload: RedisArgument): Promise<void>
  /** Channels in groups whose keys may go into one script. */
  together(channels: readonly string[]): string[][]
  subscribe(channels: readonly string[]): Promise<void>
  unsubscribe(channels: readonly string[]): Promise<void>
  /** An epoch that a script answered with shows who the channel's master is. */
  sawEpoch(channel: string, epoch: string): void
  /** Resolves when the append that was answered with this epoch is as safe as asked for; rejects with `uncertain` when that takes too long. */
  secure(channel: string, epoch: string, ack: AppendAck): Promise<void>
  /** @throws {BusError} when this level cannot be had here. */
  checkAck(channel: string, ack: AppendAck): void
  confirm(channel: string): Promise<boolean>
  /** @throws {BusError} before the start and after the end. */
  refuseWhenUnusable(): void
  close(): void
}
