import { ErrorReply, type RedisClientType } from '@redis/client'
import type { AppendAck } from '../bus.ts'
import { BusError } from '../bus-error.ts'
import { TERM_DIGITS } from './epoch.ts'
import { addressOf, type Endpoint, type Login } from './options.ts'
import { makeClient } from './redis-client.ts'
import { RedisLink } from './redis-link.ts'

export interface ReplicaFenceOptions {
  /** Where the master is now. */
  readonly endpoint: () => Endpoint | undefined
  readonly login: Login
  readonly address: () => string
  /** Asks the master whether WAITAOF says the truth; answers why not. */
  readonly askDurability: (client: RedisClientType) => Promise<string | undefined>
}

interface Waiting {
  readonly term: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

interface Line {
  readonly key: string
  readonly ack: Exclude<AppendAck, 'accepted'>
  waiting: Waiting[]
  isBusy: boolean
}

interface Answer {
  /** Of the master that answered. */
  readonly term: string
  readonly reached: readonly number[]
  readonly needed: readonly number[]
  /** Why the answer of WAITAOF proves nothing. */
  readonly doubt?: string | undefined
}

const OPEN_TIMEOUT_MS = 1_500
/** Two rounds of it and a connection stay below the 5 s of the bus contract. */
const WAIT_MS = 1_500
/** The connection is closed when it was not needed for so long. */
const IDLE_MS = 30_000

/**
 * A write on the master, and which master it is. What the replicas have of this write they have of all that came before it, and it came after every append
 * that had been answered.
 */
const FENCE = `
local info = redis.call('INFO', 'replication')
redis.call('HSET', KEYS[1], 'n', ARGV[1])
redis.call('PEXPIRE', KEYS[1], 60000)
return {string.match(info, 'master_replid:(${'%x'.repeat(TERM_DIGITS)})') or '', string.match(info, 'connected_slaves:(%d+)') or '0'}
`

/**
 * Finds out whether appends have reached the replicas, or the disk. WAIT holds up everything behind it on its connection, and speaks only of what that
 * connection wrote: so it has a connection of its own, on which it follows a small write. All appends that are answered while one WAIT is under way
 * share the next.
 */
export class ReplicaFence {
  readonly #options: ReplicaFenceOptions
  readonly #lines = new Map<string, Line>()
  #link: RedisLink | undefined
  /** Where the connection goes, or went last. */
  #address = ''
  #idle: NodeJS.Timeout | undefined
  #number = 0
  #closed = false
  readonly #opening = new Set<() => void>()

  constructor(options: ReplicaFenceOptions) {
    this.#options = options
  }

  /** Resolves when everything that the master of this epoch had answered before is as safe as asked for. */
  pass(key: string, epoch: string, ack: Exclude<AppendAck, 'accepted'>): Promise<void> {
    const name = `${key} ${ack === 'durable' ? ack : ack.replicas}`
    let line = this.#lines.get(name)
    if (line === undefined) {
      line = { key, ack, waiting: [], isBusy: false }
      this.#lines.set(name, line)
    }
    const mine = line
    return new Promise((resolve, reject) => {
      mine.waiting.push({ term: epoch.slice(-TERM_DIGITS), resolve, reject })
      // After the poll phase: what was answered in this turn of the event loop shares one WAIT.
      if (!mine.isBusy) {
        mine.isBusy = true
        setImmediate(() => void this.#serve(name, mine))
      }
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#idle)
    this.#link?.close()
    for (const go of this.#opening) go()
    for (const line of this.#lines.values())
      settle(line.waiting.splice(0), new BusError('closed', 'the bus was closed'))
    this.#lines.clear()
  }

  async #serve(name: string, line: Line): Promise<void> {
    while (line.waiting.length > 0 && !this.#closed) {
      const waiting = line.waiting
      line.waiting = []
      try {
        const { term, problem } = await this.#ask(line)
        for (const one of waiting) {
          if (problem !== undefined) one.reject(problem)
          else if (one.term !== term)
            one.reject(this.#uncertain('is another master than the one that stored the message'))
          else one.resolve()
        }
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        settle(
          waiting,
          this.#closed
            ? new BusError('closed', 'the bus was closed')
            : this.#uncertain(`did not say what its replicas have: ${text}`),
        )
      }
    }
    this.#lines.delete(name)
  }

  async #ask({ key, ack }: Line): Promise<{ readonly term: string; readonly problem?: Error }> {
    const client = await this.#client()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#link?.replace(new Error('no answer'))
        reject(new Error('no answer in time'))
      }, WAIT_MS + 500)
    })
    try {
      const answer = this.#exchange(client, key, ack)
      answer.catch(() => undefined)
      const { term, reached, needed, doubt } = await Promise.race([answer, late])
      if (doubt !== undefined) return { term, problem: this.#uncertain(doubt) }
      if (reached.every((count, i) => count >= (needed[i] ?? 0))) return { term }
      const have = `${reached.join(' and ')} of ${needed.join(' and ')}`
      const what =
        ack === 'durable' ? `had it on the disks of ${have} (master and replicas)` : `had it on ${have} replicas`
      return { term, problem: this.#uncertain(`${what} after ${WAIT_MS} ms`) }
    } catch (error) {
      // The master is no longer the one that wrote.
      if (error instanceof ErrorReply && /READONLY|UNBLOCKED|MOVED/.test(error.message)) this.#link?.replace(error)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async #exchange(client: RedisClientType, key: string, ack: Line['ack']): Promise<Answer> {
    const fenced = client.sendCommand<unknown>(['EVAL', FENCE, '1', key, String(++this.#number)])
    if (ack !== 'durable') {
      const [fence, count] = await Promise.all([
        fenced,
        client.sendCommand<unknown>(['WAIT', String(ack.replicas), String(WAIT_MS)]),
      ])
      return { term: textAt(fence, 0), reached: [Number(count)], needed: [ack.replicas] }
    }
    const fence = await fenced
    const replicas = textAt(fence, 1)
    const counts = await client.sendCommand<unknown>(['WAITAOF', '1', replicas, String(WAIT_MS)])
    // After it: the settings may have been changed since the append was let through.
    const doubt = await this.#options.askDurability(client)
    return {
      term: textAt(fence, 0),
      reached: [textAt(counts, 0), textAt(counts, 1)].map(Number),
      needed: [1, Number(replicas)],
      doubt,
    }
  }

  async #client(): Promise<RedisClientType> {
    this.#stayAwake()
    const address = addressOf(this.#options.endpoint() ?? { host: '', port: 0 })
    if (address !== this.#address) this.#link?.restart(new Error('the master is another one'))
    this.#address = address
    this.#link ??= this.#makeLink()
    this.#link.begin()
    if (this.#link.client === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, OPEN_TIMEOUT_MS)
        const go = (): void => {
          clearTimeout(timer)
          this.#opening.delete(go)
          resolve()
        }
        this.#opening.add(go)
      })
    }
    const client = this.#link?.client
    if (client === undefined) throw new Error('no connection')
    return client
  }

  #makeLink(): RedisLink {
    return new RedisLink({
      create: () => {
        const endpoint = this.#options.endpoint()
        if (endpoint === undefined) throw new Error('no connection')
        return makeClient(endpoint, this.#options.login)
      },
      prepare: async () => undefined,
      openTimeoutMs: () => OPEN_TIMEOUT_MS,
      onReady: () => {
        for (const go of this.#opening) go()
      },
      onLost: () => undefined,
    })
  }

  #stayAwake(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      if (this.#lines.size > 0) return this.#stayAwake()
      this.#link?.close()
      this.#link = undefined
    }, IDLE_MS)
  }

  #uncertain(text: string): BusError {
    return new BusError('uncertain', `Redis at ${this.#options.address()} ${text}: the message may be lost with it`)
  }
}

function settle(waiting: readonly Waiting[], error: Error): void {
  for (const { reject } of waiting) reject(error)
}

function textAt(reply: unknown, index: number): string {
  return Array.isArray(reply) ? String(reply[index]) : ''
}
