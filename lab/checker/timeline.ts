import { readFileSync } from 'node:fs'
import type { LabEvent } from '../runner/event-log.ts'
import type { LogState } from '../redis/log-reader.ts'

type FaultLine = Extract<LabEvent, { kind: 'fault' }>

/** After a fault, so long may pass until what depends on it has come back: clients wait a little before they connect again. */
const GRACE_MS = 3_000

/** What the runner did and saw, in time. */
export class Timeline {
  readonly faults: readonly FaultLine[]
  readonly states: readonly LogState[]
  readonly complaints: readonly string[]
  readonly #phases = new Map<string, number>()
  readonly #windows: readonly { readonly from: number; readonly to: number }[]

  constructor(lines: readonly LabEvent[]) {
    this.faults = lines.filter((line) => line.kind === 'fault')
    this.states = lines.filter((line) => line.kind === 'state').map(({ state }) => state)
    this.complaints = lines.filter((line) => line.kind === 'complaint').map(({ text }) => text)
    for (const line of lines) if (line.kind === 'phase') this.#phases.set(line.phase, line.at)
    this.#windows = this.faults.map(({ from, to }) => ({ from, to: to + GRACE_MS }))
  }

  static read(path: string): Timeline {
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    return new Timeline(lines.map((line) => JSON.parse(line) as LabEvent))
  }

  phase(name: string): number {
    return this.#phases.get(name) ?? Number.POSITIVE_INFINITY
  }

  /** Whether a fault was going on at some moment of a time. */
  disturbed(from: number, to: number): boolean {
    return from < this.phase('load') || this.#windows.some((window) => window.from <= to && window.to >= from)
  }

  /** Faults before a moment that may have taken a channel's log away. */
  losses(channel: string, before: number): number {
    return this.faults.filter(
      ({ from, outcome: { effects = [], channels } }) =>
        from <= before && effects.includes('new-log') && (channels === undefined || channels.includes(channel)),
    ).length
  }

  /** All that was counted over the run. */
  counts(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const { outcome } of this.faults) {
      for (const [name, count] of Object.entries(outcome.counts ?? {})) sums[name] = (sums[name] ?? 0) + count
    }
    return sums
  }

  /** The highest of each figure. */
  figures(): Record<string, number> {
    const most: Record<string, number> = {}
    for (const { outcome } of this.faults) {
      for (const [name, value] of Object.entries(outcome.figures ?? {})) most[name] = Math.max(most[name] ?? 0, value)
    }
    return most
  }
}
