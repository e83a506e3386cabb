import type { RedisClientType } from '@redis/client'
import { addressOf, type Endpoint, type Login } from '../options.ts'
import { makeClient } from '../redis-client.ts'
import { RedisLink } from '../redis-link.ts'

/** What one sentinel says about the master. */
export interface SentinelOpinion {
  readonly master: Endpoint
  /** Counts the failovers that were agreed on: of two sentinels, the one with the higher number knows more. */
  readonly configEpoch: number
}

export interface SentinelWatchOptions {
  readonly endpoint: Endpoint
  readonly login: Login
  readonly name: string
  /** The sentinel said that the master is another one, or is there again. */
  readonly onNews: () => void
  /** Other sentinels that this one knows. */
  readonly onLearned: (sentinels: readonly Endpoint[]) => void
}

const OPEN_TIMEOUT_MS = 1_500
const ANSWER_MS = 1_000

/** The line to one sentinel: hears its announcements and asks it questions. Kept up for ever, with jitter. */
export class SentinelWatch {
  readonly address: string
  readonly #options: SentinelWatchOptions
  readonly #link: RedisLink
  #tried: () => void = () => undefined
  readonly #firstAttempt = new Promise<void>((resolve) => (this.#tried = resolve))
  #problem: Error | undefined

  constructor(options: SentinelWatchOptions) {
    this.#options = options
    this.address = addressOf(options.endpoint)
    this.#link = new RedisLink({
      create: () => makeClient(options.endpoint, options.login),
      prepare: (client) => this.#prepare(client),
      openTimeoutMs: () => OPEN_TIMEOUT_MS,
      onReady: () => {
        this.#problem = undefined
        this.#tried()
        options.onNews()
      },
      onLost: (error) => {
        this.#problem = error
        this.#tried()
      },
    })
  }

  /** Why it cannot be asked at present. */
  get problem(): Error | undefined {
    return this.#problem
  }

  open(): void {
    this.#link.begin()
  }

  close(): void {
    this.#link.close()
    this.#tried()
  }

  /** Asks for the master; `undefined` when this sentinel does not answer in time or does not know the name. */
  async ask(): Promise<SentinelOpinion | undefined> {
    await this.#firstAttempt
    const client = this.#link.client
    if (client === undefined) return undefined
    try {
      return parseMaster(await withinTime(client.sendCommand(['SENTINEL', 'MASTER', this.#options.name])))
    } catch (error) {
      this.#problem = error instanceof Error ? error : new Error(String(error))
      // A sentinel that does not answer is frozen or half open. One that answers with an error merely does not know.
      if (error instanceof NoAnswer) this.#link.replace(error)
      return undefined
    }
  }

  async #prepare(client: RedisClientType): Promise<void> {
    const news = (message: string): void => {
      if (message.split(' ')[0] === this.#options.name) this.#options.onNews()
    }
    await client.subscribe('+switch-master', news)
    const others = await client.sendCommand(['SENTINEL', 'SENTINELS', this.#options.name]).catch(() => [])
    this.#options.onLearned(parseSentinels(others))
  }
}

class NoAnswer extends Error {}

async function withinTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function parseMaster(reply: unknown): SentinelOpinion | undefined {
  const fields = fieldsOf(reply)
  const master = endpointOf(fields)
  const configEpoch = Number(fields.get('config-epoch') ?? '0')
  return master === undefined ? undefined : { master, configEpoch: Number.isFinite(configEpoch) ? configEpoch : 0 }
}

function parseSentinels(reply: unknown): Endpoint[] {
  if (!Array.isArray(reply)) return []
  return reply.map((entry) => endpointOf(fieldsOf(entry))).filter((endpoint) => endpoint !== undefined)
}

function endpointOf(fields: ReadonlyMap<string, string>): Endpoint | undefined {
  const [host, port] = [fields.get('ip'), Number(fields.get('port'))]
  return host === undefined || host === '' || !(port >= 1 && port <= 65_535) ? undefined : { host, port }
}

/** Field and value in turns, as RESP2 and sentinels of RESP3 have it, or a map. */
function fieldsOf(reply: unknown): Map<string, string> {
  const fields = new Map<string, string>()
  if (Array.isArray(reply)) {
    for (let i = 0; i + 1 < reply.length; i += 2) fields.set(String(reply[i]), String(reply[i + 1]))
  } else if (typeof reply === 'object' && reply !== null) {
    for (const [name, value] of Object.entries(reply)) fields.set(name, String(value))
  }
  return fields
}
