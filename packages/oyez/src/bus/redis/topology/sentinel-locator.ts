import { BusError, joinedErrors } from '../../bus-error.ts'
import { addressOf, type Endpoint, type Login } from '../options.ts'
import { isLockedOut, reasonOf, toBusError } from '../redis-error-table.ts'
import type { Locator } from './locator.ts'
import { type SentinelOpinion, SentinelWatch } from './sentinel-watch.ts'

export interface SentinelLocatorOptions {
  readonly name: string
  readonly seeds: readonly Endpoint[]
  readonly login: Login
}

/** An announcement can be missed: so often the sentinels are asked anyway. */
const ASK_INTERVAL_MS = 2_000
/** Once most sentinels have answered, the rest is waited for so long. */
const STRAGGLER_MS = 100
/** Sentinels that are learned beyond the seeds, at most. */
const MAX_SENTINELS = 32

/**
 * Finds a master through its sentinels. All of them are asked and the answer with the highest configuration epoch counts, so that a sentinel that was
 * cut off cannot lead a node back to an old master. Seeds are never forgotten and never given up; while no sentinel answers, a master that works is kept.
 */
export class SentinelLocator implements Locator {
  readonly #options: SentinelLocatorOptions
  readonly #watches = new Map<string, SentinelWatch>()
  #moved: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #asking: Promise<readonly SentinelOpinion[]> | undefined
  #last: Endpoint | undefined
  /** The highest that was heard of. */
  #epoch = 0
  #closed = false

  constructor(options: SentinelLocatorOptions) {
    this.#options = options
  }

  async locate(): Promise<Endpoint> {
    for (const seed of this.#options.seeds) this.#watch(seed)
    // Who was known before is still the best guess when only those answer who know less than we do.
    const best = this.#judge(await this.#ask()) ?? this.#last
    if (best === undefined) throw this.#nobodyKnows()
    this.#last = best
    return best
  }

  async confirms(endpoint: Endpoint): Promise<boolean> {
    const opinions = await this.#ask()
    const best = this.#judge(opinions)
    return this.#isMost(opinions) && best !== undefined && addressOf(best) === addressOf(endpoint)
  }

  watch(moved: () => void): void {
    this.#moved = moved
    this.#timer ??= setInterval(() => void this.#check(), ASK_INTERVAL_MS)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    for (const watch of this.#watches.values()) watch.close()
    this.#watches.clear()
  }

  #watch(endpoint: Endpoint): void {
    const address = addressOf(endpoint)
    if (this.#closed || this.#watches.has(address) || this.#watches.size >= MAX_SENTINELS) return
    const { login, name } = this.#options
    const watch = new SentinelWatch({
      endpoint,
      login,
      name,
      onNews: () => void this.#check(),
      onLearned: (sentinels) => {
        for (const sentinel of sentinels) this.#watch(sentinel)
      },
    })
    this.#watches.set(address, watch)
    watch.open()
  }

  /** Is the master still the one that was last found? */
  async #check(): Promise<void> {
    if (this.#moved === undefined || this.#last === undefined) return
    const best = this.#judge(await this.#ask())
    if (this.#closed || best === undefined || addressOf(best) === addressOf(this.#last)) return
    this.#last = best
    this.#moved()
  }

  /**
   * The master, as those say who know most. A sentinel that was cut off knows an older one: alone, it is not believed. Most of them are, whatever they say, for
   * their epochs may have begun anew.
   */
  #judge(opinions: readonly SentinelOpinion[]): Endpoint | undefined {
    let best: SentinelOpinion | undefined
    for (const opinion of opinions) if (best === undefined || opinion.configEpoch > best.configEpoch) best = opinion
    if (best === undefined || (best.configEpoch < this.#epoch && !this.#isMost(opinions))) return undefined
    this.#epoch = best.configEpoch
    return best.master
  }

  #isMost(opinions: readonly SentinelOpinion[]): boolean {
    return opinions.length * 2 > this.#watches.size
  }

  /** News that comes while a question is under way needs another question: its answer may be from before. */
  async #ask(): Promise<readonly SentinelOpinion[]> {
    const under = this.#asking
    if (under !== undefined) await under
    if (this.#asking === undefined || this.#asking === under) {
      const mine = this.#gather()
      this.#asking = mine
      void mine.finally(() => {
        if (this.#asking === mine) this.#asking = undefined
      })
    }
    return this.#asking
  }

  #gather(): Promise<readonly SentinelOpinion[]> {
    return new Promise((resolve) => {
      const watches = [...this.#watches.values()]
      const opinions: SentinelOpinion[] = []
      let open = watches.length
      let timer: NodeJS.Timeout | undefined
      const finish = (): void => {
        clearTimeout(timer)
        resolve(opinions)
      }
      if (open === 0) finish()
      for (const watch of watches) {
        void watch.ask().then((opinion) => {
          open--
          if (opinion !== undefined) opinions.push(opinion)
          if (open === 0) finish()
          else if (opinions.length * 2 > watches.length) timer ??= setTimeout(finish, STRAGGLER_MS)
        })
      }
    })
  }

  #nobodyKnows(): BusError {
    const watches = [...this.#watches.values()]
    const said = watches.map(
      ({ address, problem }) => `${address}: ${problem === undefined ? 'no answer' : reasonOf(problem)}`,
    )
    const told = joinedErrors(watches.map(({ address, problem }) => toBusError(problem, 'read', address)))
    const reason =
      told instanceof BusError && told.reason !== undefined ? `sentinels: ${told.reason}` : 'no sentinel knows'
    const isLocked = watches.length > 0 && watches.every(({ problem }) => isLockedOut(problem))
    const text = `no sentinel says where ${this.#options.name} is (${said.join('; ')})`
    return new BusError(isLocked ? 'refused' : 'unavailable', text, { reason })
  }
}
