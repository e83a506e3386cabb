import type { Bus } from '../bus/bus.ts'
import type { LocalChannel } from './local-channel.ts'

/** Channels asked for in one go. */
const BATCH = 500
/** Between two batches: at most 2,000 channels a second, so that the audit of many quiet channels is never felt. A round then takes its time. */
const PAUSE_MS = 250
/** After this long a hint that was on its way has arrived: a mismatch that is still there is a loss. */
const CONFIRM_MS = 200

/** What a round found out about a channel. */
interface Seen {
  /** What the channel had heard. */
  readonly activity: number
  readonly isCompared: boolean
}

/**
 * Compares quiet channels with the heads of their logs, so that a lost last hint is found although nothing follows it. A busy channel
 * needs no audit: its next hint shows the gap.
 *
 * There are two rounds to an interval, and a channel is compared in the second round after its last hint or comparison. With one round, what is lost right
 * after a hint would go through two: the hint makes the channel busy in the first.
 */
export class Audit {
  readonly #bus: Bus
  readonly #channels: () => Iterable<LocalChannel>
  readonly #onTrouble: (message: string, error: unknown) => void
  /** What the last round saw. */
  #seen = new Map<LocalChannel, Seen>()
  #isRunning = false

  constructor(bus: Bus, channels: () => Iterable<LocalChannel>, onTrouble: (message: string, error: unknown) => void) {
    this.#bus = bus
    this.#channels = channels
    this.#onTrouble = onTrouble
  }

  /** One round, to be made twice in an interval. Rounds do not overlap. */
  async run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      const quiet = this.#quietChannels()
      for (let start = 0; start < quiet.length; start += BATCH) {
        if (start > 0) await pause(PAUSE_MS)
        await this.#compare(quiet.slice(start, start + BATCH))
      }
    } catch (error) {
      this.#onTrouble('comparing channels with their logs failed; it is done again in the next round', error)
    } finally {
      this.#isRunning = false
    }
  }

  #quietChannels(): LocalChannel[] {
    const seen = new Map<LocalChannel, Seen>()
    const quiet: LocalChannel[] = []
    for (const channel of this.#channels()) {
      if (channel.sequencer === undefined) continue
      const { activity } = channel.sequencer
      const before = this.#seen.get(channel)
      const isCompared = before?.activity === activity && !before.isCompared
      seen.set(channel, { activity, isCompared })
      if (isCompared) quiet.push(channel)
    }
    this.#seen = seen
    return quiet
  }

  async #compare(channels: readonly LocalChannel[]): Promise<void> {
    const suspects = await this.#mismatched(channels)
    if (suspects.length === 0) return
    await pause(CONFIRM_MS)
    for (const channel of await this.#mismatched(suspects)) await channel.sequencer?.resync()
  }

  async #mismatched(channels: readonly LocalChannel[]): Promise<LocalChannel[]> {
    const before = channels.map(({ sequencer }) => sequencer?.position)
    const heads = await this.#bus.heads(channels.map(({ name }) => name))
    return channels.filter((channel, index) => {
      const at = channel.sequencer?.position
      const head = heads[index]
      if (at === undefined) return false
      // Below a position that was held before the question: something was delivered that the log does not have.
      const isBelow = head !== undefined && head.epoch === before[index]?.epoch && head.offset < before[index].offset
      return head === undefined || head.epoch !== at.epoch || head.offset > at.offset || isBelow
    })
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
