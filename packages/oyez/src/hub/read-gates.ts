import { ReadGate, type Reader } from './read-gate.ts'

/** Reads that run at a time for channels, and of these the first reads of channels for one connection. */
const CHANNEL_READS = 48
const FIRST_READS_PER_CONNECTION = 16
/** Reads that run at a time for single clients, and of these the reads of one connection. Each brings a whole answer. */
const CLIENT_READS = 8
const CLIENT_READS_PER_CONNECTION = 2

/** The log reads of a hub, in two gates: what single clients read never delays what a channel needs for all of its subscribers. */
export class ReadGates {
  /** First reads of channels, and reads that follow a gap. */
  readonly channels: ReadGate = new ReadGate(CHANNEL_READS, FIRST_READS_PER_CONNECTION)
  /** History, recovery and catching up of one client. */
  readonly clients: ReadGate = new ReadGate(CLIENT_READS, CLIENT_READS_PER_CONNECTION)

  /** Drops the waiting reads of a connection that left. */
  leave(reader: Reader): void {
    this.channels.leave(reader)
    this.clients.leave(reader)
  }
}
