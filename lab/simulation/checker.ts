import type { Break } from 'oyez/client'
import type { LogArchive, EpochHistory } from './log-archive.ts'
import type { Journal, Sent, Subscriber } from './journal.ts'
import { entriesAbove, type Entry, type LogState, sharedLength, topOf } from './log-state.ts'

export interface Verdicts {
  /** What is wrong, in words; empty when all is well. */
  readonly problems: readonly string[]
  readonly deliveries: number
  readonly breaks: number
  /** Acknowledged messages that the surviving history does not have, each explained by a loss. */
  readonly ackedLost: number
  /** Of these, the ones of clients that live and were not told that the log lost something of theirs. */
  readonly untold: readonly string[]
}

export interface Evidence {
  readonly journal: Journal
  readonly archive: LogArchive
  /** The logs that survived. */
  readonly logs: ReadonlyMap<string, LogState>
}

/** Judges a world from what its participants wrote down and from all that ever stood in a log. It shares no code with the product. */
export class Checker {
  readonly #evidence: Evidence
  readonly #problems: string[] = []
  #deliveries = 0
  #breaks = 0
  #ackedLost = 0
  readonly #untold: string[] = []

  constructor(evidence: Evidence) {
    this.#evidence = evidence
  }

  check(): Verdicts {
    const { journal } = this.#evidence
    for (const subscriber of journal.subscribers) this.#checkSubscriber(subscriber)
    for (const sent of journal.sent) this.#checkSent(sent)
    for (const channel of new Set(journal.sent.map((sent) => sent.channel))) this.#checkHistories(channel)
    return {
      problems: this.#problems,
      deliveries: this.#deliveries,
      breaks: this.#breaks,
      ackedLost: this.#ackedLost,
      untold: this.#untold,
    }
  }

  /** I4 to I7: between two declared places every record once and in order, as it stands in the log; at the end at the head. */
  #checkSubscriber({ name, channel, told }: Subscriber): void {
    const { logs } = this.#evidence
    const problem = (words: string): void => void this.#problems.push(`${name} in ${channel}: ${words}`)
    let last: number | undefined
    let segment: { readonly offset: number; readonly text: string }[] = []
    for (const one of told) {
      if (one.type === 'over') return problem(`the subscription ended: ${one.reason}`)
      if (one.type === 'publication') {
        this.#deliveries += 1
        if (last !== undefined && one.offset !== last + 1) {
          problem(`${one.offset > last ? 'lost' : 'repeated'}: offset ${one.offset} (${one.text}) after ${last}`)
        }
        last = one.offset
        segment.push(one)
      } else if (one.type === 'subscribed') {
        if (one.position === undefined) return problem('subscribed without a position')
        if (last === undefined) last = one.position.offset
        else if (one.position.offset !== last)
          problem(`subscribed at ${one.position.offset}, the last offset was ${last}`)
      } else {
        this.#breaks += 1
        const { last: from, next } = one.break
        if (last !== undefined && from.offset !== last)
          problem(`a break after ${from.offset}, the last offset was ${last}`)
        const wrong = this.#whyUnjustified(channel, one.break, one.at)
        if (wrong !== undefined) problem(`unjustified break (${one.break.reason}): ${wrong}`)
        const epochHistory = this.#evidence.archive.epochHistory(channel, from.epoch)
        this.#compare(segment, epochHistory, problem)
        last = next.offset
        segment = []
      }
    }
    const log = logs.get(channel)
    if (last !== undefined && last !== topOf(log ?? { tip: undefined })) {
      problem(`all is quiet, the head is ${log === undefined ? 'nowhere' : topOf(log)}, and it stands at ${last}`)
    }
    if (log !== undefined) this.#compare(segment, log, problem)
  }

  #compare(
    segment: readonly { readonly offset: number; readonly text: string }[],
    history: { readonly tip: Entry | undefined } | undefined,
    problem: (words: string) => void,
  ): void {
    const [first] = segment
    if (first === undefined) return
    const entries = new Map(entriesAbove(history?.tip, first.offset - 1).map((entry) => [entry.offset, entry]))
    for (const { offset, text } of segment) {
      const there = textOf(entries.get(offset))
      if (there !== text) return problem(`offset ${offset} was delivered as ${text}, the log has ${there} there`)
    }
  }

  #whyUnjustified(channel: string, { reason, last, next, fork }: Break, at: number): string | undefined {
    const { archive } = this.#evidence
    const before = archive.losses.filter((loss) => loss.at <= at)
    const mine = archive.epochHistory(channel, last.epoch)
    if (mine === undefined) return `nothing was ever stored under ${last.epoch}`
    const others = archive
      .epochHistories(channel)
      .filter((epochHistory) => epochHistory !== mine && epochHistory.beganAt <= at)
    switch (reason) {
      case 'new-log':
        if (!others.some(({ incarnation }) => incarnation !== mine.incarnation)) return 'there is no other log'
        return before.length > 0 ? undefined : 'no log was ever lost'
      case 'fork': {
        const ends = others.map((other) => sharedLength(mine.tip, other.tip))
        if (!ends.some((end) => last.offset > end && (fork === undefined || fork <= end))) {
          return `no other history parts from this one below ${last.offset}`
        }
        return before.length > 0 ? undefined : 'nothing was ever lost'
      }
      case 'trimmed':
        return last.offset < archive.trimmed(channel, last.epoch) ? undefined : 'the records are still there'
      case 'unknown':
        return others.some((other) => cannotProve(other, mine)) && before.length > 0
          ? undefined
          : `every log can prove ${last.epoch} (the stream goes on under ${next.epoch})`
    }
  }

  /** I9: what was acknowledged stood there, and stands there still unless a log lost something. */
  #checkSent(sent: Sent): void {
    const { archive, logs } = this.#evidence
    const problem = (words: string): void => void this.#problems.push(`${sent.text}: ${words}`)
    if (sent.outcome === undefined) return problem('its publisher was never told what became of it')
    const survived = entriesAbove(logs.get(sent.channel)?.tip, 0).some((entry) => textOf(entry) === sent.text)
    if (sent.outcome.kind === 'failed') {
      if (sent.outcome.code !== 'uncertain' && survived)
        problem(`it failed with ${sent.outcome.code} and is in the log`)
      return
    }
    const { position } = sent.outcome
    // Without a position, only the fact that it is stored was known.
    const there = textOf(position && archive.entry(sent.channel, position.epoch, position.offset))
    if (position === undefined ? !this.#everStood(sent) : there !== sent.text)
      problem(`acknowledged at ${position?.epoch}:${position?.offset}, where the log has ${there}`)
    if (survived) return
    this.#ackedLost += 1
    const { reports } = this.#evidence.journal
    const isTold = reports.some(({ publisher, channel }) => publisher === sent.publisher && channel === sent.channel)
    if (sent.isOrdered && !isTold) this.#untold.push(sent.text)
    const since = position === undefined ? 0 : archive.epochHistory(sent.channel, position.epoch)?.beganAt
    if (since !== undefined && !archive.losses.some(({ at }) => at >= since))
      problem('acknowledged and lost, though no log lost anything since')
  }

  #everStood({ channel, text }: Sent): boolean {
    const { archive } = this.#evidence
    return archive
      .epochHistories(channel)
      .some(({ tip }) => entriesAbove(tip, 0).some((entry) => textOf(entry) === text))
  }

  /** I8: in no history a message twice, or the messages of a client in a wrong order. */
  #checkHistories(channel: string): void {
    const { archive, journal } = this.#evidence
    const sent = new Map(journal.sent.map((one) => [one.text, one]))
    for (const { tip, epoch } of archive.epochHistories(channel)) {
      const seen = new Set<string>()
      const newest = new Map<string, number>()
      for (const entry of entriesAbove(tip, 0)) {
        const text = textOf(entry)
        if (seen.has(text)) this.#problems.push(`${text} stands in the log twice (${channel} ${epoch})`)
        seen.add(text)
        const one = sent.get(text)
        if (one?.isOrdered !== true) continue
        if (one.number < (newest.get(one.publisher) ?? 0)) {
          this.#problems.push(`${text} stands behind a later message of its publisher (${channel} ${epoch})`)
        }
        newest.set(one.publisher, Math.max(one.number, newest.get(one.publisher) ?? 0))
      }
    }
  }
}

function cannotProve(other: EpochHistory, mine: EpochHistory): boolean {
  const term = mine.epoch.split('.')[1]
  return other.incarnation === mine.incarnation && !other.forks.some((fork) => fork.term === term)
}

/** The text that a record carries: its payload is JSON with a member of that name. */
function textOf(entry: Entry | undefined): string {
  if (entry === undefined) return 'nothing'
  let text = texts.get(entry)
  if (text === undefined) texts.set(entry, (text = readText(entry)))
  return text
}

const texts = new WeakMap<Entry, string>()

function readText(entry: Entry): string {
  return /"text":"([^"]*)"/.exec(Buffer.from(entry.bytes).toString('latin1'))?.[1] ?? 'something else'
}
