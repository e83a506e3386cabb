import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, type Evidence } from '../checker/checker.ts'
import type { FinalLog } from '../checker/history.ts'
import type { LabEvent } from '../runner/event-log.ts'

const CHANNEL = 'lab:busy-1'
const EPOCH = 'log.t1'
/** When things happen, by default: long after the load began, long before the last words. */
const START = 1_000_000

type Field = string | number

/** A run that never was: journals and a log written by hand, so that each test can spoil one thing. */
export class HandWrittenRun {
  readonly #publisher: Field[][] = [['name', START, 0, 'pia', 'publisher']]
  readonly #subscriber: Field[][] = [
    ['name', START, 0, 'sam', 'oyez'],
    ['sub', START, 0, CHANNEL, 0, EPOCH, 0],
  ]
  readonly #eventLog: LabEvent[] = [
    { kind: 'phase', at: START, phase: 'load' },
    { kind: 'phase', at: START + 900_000, phase: 'last-words' },
  ]
  #at = START
  log: FinalLog

  /** So many messages, each sent, stored, acknowledged and delivered. */
  constructor(messages: number) {
    const numbers = Array.from({ length: messages }, (_, i) => i + 1)
    const records = numbers.map((n) => ({ offset: n, publisher: 'pia', n, sender: 'pia', stamp: `${n}:id` }))
    const forks: { term: string; top: number }[] = []
    const top = messages
    this.log = {
      state: { channel: CHANNEL, incarnation: 'log', term: 't1', top, forks, length: top, lastOffset: top },
      records,
    }
    for (const n of numbers) {
      this.publisher(['send', CHANNEL, n], ['ack', CHANNEL, n, EPOCH, n])
      this.subscriber(['pub', CHANNEL, n, 'pia', n])
    }
  }

  get subscriberLines(): Field[][] {
    return this.#subscriber
  }

  get publisherLines(): Field[][] {
    return this.#publisher
  }

  /** More lines of the publisher's journal, without time and actor. */
  publisher(...lines: readonly (readonly [string, ...Field[]])[]): this {
    for (const [kind, ...fields] of lines) this.#publisher.push([kind, ++this.#at, 0, ...this.#named(fields)])
    return this
  }

  /** More lines of the subscriber's journal. */
  subscriber(...lines: readonly (readonly [string, ...Field[]])[]): this {
    for (const [kind, ...fields] of lines) this.#subscriber.push([kind, ++this.#at, 0, ...this.#named(fields)])
    return this
  }

  /** A fault, before whatever follows. */
  fault(outcome: Extract<LabEvent, { kind: 'fault' }>['outcome']): this {
    const at = ++this.#at
    this.#eventLog.push({ kind: 'fault', step: { fault: 'told' }, from: at, to: at, outcome })
    return this
  }

  /** Time goes by. */
  wait(ms: number): this {
    this.#at += ms
    return this
  }

  /** What the checker counts. */
  async counts(evidence: Partial<Evidence> = {}): Promise<Record<string, number>> {
    const directory = mkdtempSync(join(tmpdir(), 'oyez-run-'))
    const write = (name: string, lines: readonly unknown[]): void =>
      writeFileSync(join(directory, name), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`)
    try {
      write('publishers.jsonl', this.#publisher)
      write('subscribers-1.jsonl', this.#subscriber)
      write('events.jsonl', this.#eventLog)
      const usual = {
        directory,
        logs: [this.log],
        quietLogs: [this.log],
        allows: [],
        historySize: 100,
        slackMs: 0,
        noAbruptEnd: false,
      }
      const { findings } = await check({ ...usual, ...evidence })
      return Object.fromEntries(findings.counts)
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

  #named(fields: readonly Field[]): Field[] {
    return fields.map((field) => (field === 'CHANNEL' ? CHANNEL : field))
  }
}
