import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { JournalLine } from '../actor/journal.ts'
import type { Findings } from './findings.ts'
import { type Ids, Publications } from './publications.ts'
import { Stream } from './stream.ts'

/** Errors that a client may meet when its server or its line has gone. */
const USUAL_ERRORS = new Set(['uncertain', 'timeout', 'connection-lost', 'refused'])

/** How a connection ended, seen by its client. */
export interface ConnectionEnd {
  readonly who: string
  readonly at: number
  readonly code: number
  readonly reason: string
}

/** All that the actors wrote down. */
export interface Accounts {
  readonly publications: Publications
  readonly streams: readonly Stream[]
  readonly ends: readonly ConnectionEnd[]
  readonly deliveries: number
}

/** Reads every journal of a directory, in order, and follows each stream on the way. */
export async function readJournals(directory: string, ids: Ids, findings: Findings): Promise<Accounts> {
  const publications = new Publications(ids)
  const streams: Stream[] = []
  const ends: ConnectionEnd[] = []
  let deliveries = 0
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.jsonl') && name !== 'events.jsonl')) {
    const reader = new JournalReader({ publications, streams, ends, ids, findings })
    for await (const line of createInterface({ input: createReadStream(join(directory, file)) })) {
      // A process that was killed leaves half a line.
      if (line.endsWith(']')) reader.take(JSON.parse(line) as JournalLine)
    }
    deliveries += reader.deliveries
  }
  return { publications, streams, ends, deliveries }
}

interface JournalOutput {
  readonly publications: Publications
  readonly streams: Stream[]
  readonly ends: ConnectionEnd[]
  readonly ids: Ids
  readonly findings: Findings
}

/** One file. */
class JournalReader {
  deliveries = 0
  readonly #output: JournalOutput
  readonly #actors = new Map<number, { readonly name: string; readonly kind: string }>()
  readonly #streams = new Map<string, Stream>()

  constructor(output: JournalOutput) {
    this.#output = output
  }

  take([kind, at, actor, ...fields]: JournalLine): void {
    const { publications, ends, ids, findings } = this.#output
    const [first = '', second = 0, third = '', fourth = 0, fifth = '', sixth = 0, seventh = -1] = fields
    const who = this.#actors.get(actor)?.name ?? '?'
    switch (kind) {
      case 'name':
        this.#actors.set(actor, { name: String(first), kind: String(second) })
        break
      case 'off':
        ends.push({ who, at, code: Number(first), reason: String(second) })
        break
      case 'err':
        this.#error(who, String(first), String(second))
        break
      case 'send':
        publications.sent(ids.of(String(first), who, Number(second)), at)
        break
      case 'ack':
        publications.acknowledged({
          channel: String(first),
          publisher: who,
          n: Number(second),
          epoch: String(third),
          offset: Number(fourth),
          at,
        })
        break
      case 'nack':
        publications.refused(String(third))
        break
      case 'sub':
        this.#stream(actor, String(first)).subscribed(second === 1, String(third), Number(fourth))
        break
      case 'epoch':
        this.#stream(actor, String(first)).renew(String(second))
        break
      case 'pub': {
        this.deliveries += 1
        const publisher = String(third)
        const id = ids.of(String(first), publisher, Number(fourth))
        this.#stream(actor, String(first)).published({ offset: Number(second), id, at })
        if (fields.length > 4)
          findings.add('identity', `${who} got a record of ${publisher} with ${String(fifth)} as its sender`)
        break
      }
      case 'break':
        this.#stream(actor, String(first)).broke({
          at,
          reason: String(second),
          lastEpoch: String(third),
          lastOffset: Number(fourth),
          nextEpoch: String(fifth),
          nextOffset: Number(sixth),
          fork: Number(seventh),
        })
        break
      default:
    }
  }

  #error(who: string, code: string, message: string): void {
    if (code === 'uncertain') this.#output.publications.told(who, message.split(': ')[0] ?? '')
    // The official client has numbers for its errors, and all of them are about a line that is gone.
    else if (!USUAL_ERRORS.has(code) && !/^(subscription )?\d+$/.test(code)) {
      this.#output.findings.add('clientError', `${who}: ${code} ${message}`)
    }
  }

  #stream(actor: number, channel: string): Stream {
    const key = `${actor} ${channel}`
    let stream = this.#streams.get(key)
    if (stream === undefined) {
      const { name = '?', kind = '?' } = this.#actors.get(actor) ?? {}
      stream = new Stream({ subscriber: name, kind, channel }, this.#output.findings)
      this.#streams.set(key, stream)
      this.#output.streams.push(stream)
    }
    return stream
  }
}
