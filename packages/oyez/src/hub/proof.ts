import type { ReadResult } from '../bus/bus.ts'
import type { Publication } from '../protocol/message.ts'
import type { Position } from '../protocol/position.ts'
import { decodeRecord, isSamePublication } from './record.ts'

/** What a proof needs around it. */
export interface ProofHost {
  read(request: { after: Position; limit: number }): Promise<ReadResult>
  /** Breaks declared so far: what was delivered before the last one needs no proof any more. */
  breaks(): number
  /** What was delivered as this offset is not what the log has there (`fork`), or the log cannot tell any more (`unknown`). */
  onForgery(offset: number, reason: 'fork' | 'unknown', head: Position): void
  /** The log is not the one that was followed: it has to be read from the present position. */
  onChanged(): void
  onFailure(error: unknown): void
}

interface Suspect {
  readonly epoch: string
  readonly delivered: Publication
}

/** Offsets that wait for a proof; one that is found forged breaks the stream for all of them. */
const MAX_SUSPECTS = 64

/**
 * Two hints with the same position and different bytes: one of them was forged or damaged, and the one that was delivered may be it. Only the log can
 * tell. Costs nothing as long as hints do not contradict each other.
 */
export class Proof {
  readonly #host: ProofHost
  readonly #suspects = new Map<number, Suspect>()
  #isRunning = false

  constructor(host: ProofHost) {
    this.#host = host
  }

  /**
   * Compares a hint with the publication that was delivered as the same offset.
   *
   * @param at - A position of the epoch that both have.
   * @param pair - `delivered` is `undefined` when it is not in memory any more, `heard` when the hint is damaged: then nothing contradicts.
   */
  compare(
    { epoch }: Position,
    { delivered, heard }: { readonly delivered: Publication | undefined; readonly heard: Publication | undefined },
  ): void {
    if (delivered === undefined || heard === undefined || isSamePublication(delivered, heard)) return
    if (this.#suspects.size < MAX_SUSPECTS) this.#suspects.set(delivered.offset, { epoch, delivered })
    void this.#run()
  }

  /** Tries again what failed. */
  retry(): void {
    if (this.#suspects.size > 0) void this.#run()
  }

  close(): void {
    this.#suspects.clear()
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      while (this.#suspects.size > 0) await this.#prove(Math.min(...this.#suspects.keys()))
    } catch (error) {
      this.#host.onFailure(error)
    } finally {
      this.#isRunning = false
    }
  }

  async #prove(offset: number): Promise<void> {
    const suspect = this.#suspects.get(offset)
    if (suspect === undefined) return
    const breaks = this.#host.breaks()
    const result = await this.#host.read({ after: { epoch: suspect.epoch, offset: offset - 1 }, limit: 1 })
    // Closed, or broken meanwhile: whoever received it has been told.
    if (!this.#suspects.delete(offset) || breaks !== this.#host.breaks()) return this.#suspects.clear()
    if (result.verdict === 'break') {
      if (result.reason !== 'trimmed') this.#host.onChanged()
      else this.#host.onForgery(offset, 'unknown', result.head)
      return
    }
    const [first] = result.records
    const stored = first?.offset === offset ? decodeRecord(first.record, offset) : undefined
    if (stored !== undefined && isSamePublication(stored, suspect.delivered)) return
    this.#suspects.clear()
    // Nothing stored there: the log has not come so far, or its record is gone with its age.
    const isGone = first === undefined && result.head.offset >= offset
    this.#host.onForgery(offset, isGone ? 'unknown' : 'fork', result.head)
  }
}
