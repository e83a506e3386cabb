import type { ReadResult } from '../../src/bus/bus.ts'
import type { Break, Position } from '../../src/protocol/position.ts'
import { encodeRecord } from '../../src/hub/record.ts'

/** A record whose payload says under which epoch and as which number it was written, so that a wrong one is noticed. */
export function record(text: string): Uint8Array {
  return encodeRecord(Buffer.from(JSON.stringify(text)), undefined)
}

interface Fork {
  readonly epoch: string
  readonly end: number
}

/**
 * A log as delivery.md describes it, written apart from every bus: epochs, forks, trimming and lost logs happen when the test says so. It is the
 * oracle of the tests of what reads logs.
 */
export class ScriptedLog {
  texts: string[] = []
  trimmed = 0
  epoch = 'e1'
  #forks: Fork[] = []
  readonly #forgotten = new Set<string>()
  #epochs = 1

  get top(): number {
    return this.texts.length
  }

  get head(): Position {
    return { epoch: this.epoch, offset: this.top }
  }

  append(text = `${this.epoch}/${this.top + 1}`): { readonly bytes: Uint8Array; readonly position: Position } {
    this.texts.push(text)
    return { bytes: record(text), position: this.head }
  }

  /** Another master goes on, with the newest `lost` records missing. */
  failOver(lost: number): void {
    const end = Math.max(this.trimmed, this.top - lost)
    this.texts.length = end
    // What the earlier epochs promised above the end is gone too.
    this.#forks = this.#forks.map((fork) => ({ ...fork, end: Math.min(fork.end, end) }))
    this.#forks.unshift({ epoch: this.epoch, end })
    this.epoch = `e${++this.#epochs}`
  }

  /** Another master goes on that has all records and has never heard of the present epoch. */
  failOverForgetting(): void {
    this.#forgotten.add(this.epoch)
    this.epoch = `e${++this.#epochs}`
  }

  /** The log was lost; a new one begins. */
  lose(): void {
    this.texts = []
    this.trimmed = 0
    this.#forks = []
    this.epoch = `e${++this.#epochs}`
  }

  trim(to: number): void {
    this.trimmed = Math.max(this.trimmed, Math.min(to, this.top))
  }

  read({ after, limit, reverse = false }: { after?: Position; limit: number; reverse?: boolean }): ReadResult {
    const { head } = this
    if (after !== undefined) {
      const end = after.epoch === this.epoch ? this.top : this.#forks.find(({ epoch }) => epoch === after.epoch)?.end
      if (end === undefined) {
        return { verdict: 'break', reason: this.#forgotten.has(after.epoch) ? 'unknown' : 'new-log', head }
      }
      if (after.offset > end) return { verdict: 'break', reason: 'fork', head, fork: end }
      if (!reverse && after.offset < this.trimmed) return { verdict: 'break', reason: 'trimmed', head }
    }
    const all = this.texts.map((text, index) => ({ offset: index + 1, record: record(text) })).slice(this.trimmed)
    const records = reverse
      ? all.filter(({ offset }) => offset < (after?.offset ?? Infinity)).toReversed()
      : all.filter(({ offset }) => offset > (after?.offset ?? 0))
    return { verdict: 'continue', records: records.slice(0, limit), head }
  }
}

/** What a sequencer said, in order. */
export type Said =
  | { readonly type: 'publication'; readonly offset: number; readonly text: string }
  | { readonly type: 'epoch'; readonly epoch: string }
  | { readonly type: 'break'; readonly break: Break }
