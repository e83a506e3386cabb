/** Something that will happen. `order` decides between events of the same time. */
interface Event {
  readonly time: number
  readonly order: number
  readonly isTimer: boolean
  run: (() => void) | undefined
}

/** The part of Node's timer objects that programs use. */
class FakeTimer {
  readonly #clock: FakeClock
  readonly #work: () => void
  readonly #everyMs: number | undefined
  #event: Event

  constructor(clock: FakeClock, work: () => void, [delayMs, everyMs]: readonly [number, number?]) {
    this.#clock = clock
    this.#work = work
    this.#everyMs = everyMs
    this.#event = this.#set(delayMs)
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  close(): void {
    this.#clock.cancel(this.#event)
  }

  #set(delayMs: number): Event {
    return this.#clock.addTimer(delayMs, () => {
      // Set again before the work, which may clear it.
      if (this.#everyMs !== undefined) this.#event = this.#set(this.#everyMs)
      this.#work()
    })
  }
}

const realSetImmediate = setImmediate
const realDate = Date

/**
 * Time and order of a simulated world: everything that happens is an event in one queue, and the time between two events takes no time. Between two
 * events all promises settle.
 */
export class FakeClock {
  #now = 1_000_000
  #order = 0
  #heap: Event[] = []
  #timers = 0
  /** Events that happened. */
  count = 0

  get now(): number {
    return this.#now
  }

  /** Timers of the programs under test that are set. */
  get timers(): number {
    return this.#timers
  }

  /** Makes something happen later. */
  after(delayMs: number, run: () => void): void {
    this.#push({ time: this.#now + delayMs, order: this.#order++, isTimer: false, run })
  }

  addTimer(delayMs: number, work: () => void): Event {
    this.#timers += 1
    // Like Node: no timer is due before the next millisecond.
    const event: Event = { time: this.#now + Math.max(1, delayMs), order: this.#order++, isTimer: true, run: work }
    this.#push(event)
    return event
  }

  cancel(event: Event): void {
    if (event.run === undefined) return
    event.run = undefined
    if (event.isTimer) this.#timers -= 1
  }

  /** Lets the time pass. @throws what an event throws, and when there are more events than a world can need. */
  async run(durationMs: number, maxEvents = 200_000): Promise<void> {
    const end = this.#now + durationMs
    for (let left = maxEvents; ; left--) {
      const next = this.#heap[0]
      if (next === undefined || next.time > end) break
      if (left === 0) throw new Error('the world does not come to rest: too many events')
      this.#pop()
      const { run } = next
      if (run === undefined) continue
      if (next.isTimer) this.#timers -= 1
      next.run = undefined
      this.#now = next.time
      this.count += 1
      run()
      await new Promise((resolve) => realSetImmediate(resolve))
    }
    this.#now = end
  }

  /** Replaces the clock, the timers and the randomness of this process. Call it before the programs under test are loaded. */
  install(random: () => number): void {
    const later = (work: (...args: unknown[]) => void, args: readonly unknown[]) => () => work(...args)
    const clear = (timer: unknown): void => {
      if (timer instanceof FakeTimer) timer.close()
    }
    type Work = (...args: unknown[]) => void
    const now = (): number => this.#now
    class FakeDate extends realDate {
      constructor(...args: readonly number[]) {
        super(...((args.length === 0 ? [now()] : args) as [number]))
      }

      static override now(): number {
        return now()
      }
    }
    Object.assign(globalThis, {
      setTimeout: (work: Work, delayMs = 1, ...args: unknown[]) => new FakeTimer(this, later(work, args), [delayMs]),
      setInterval: (work: Work, everyMs = 1, ...args: unknown[]) =>
        new FakeTimer(this, later(work, args), [everyMs, Math.max(1, everyMs)]),
      setImmediate: (work: Work, ...args: unknown[]) => this.after(0, later(work, args)),
      clearTimeout: clear,
      clearInterval: clear,
      Date: FakeDate,
    })
    Object.defineProperty(performance, 'now', { value: () => this.#now, configurable: true })
    Object.defineProperty(Math, 'random', { value: random, configurable: true, writable: true })
  }

  /** Forgets all that would happen: the world is over. */
  reset(): void {
    this.#heap = []
    this.#timers = 0
    this.#now = 1_000_000
    this.#order = 0
    this.count = 0
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !isBefore(event, parent)) break
      heap[at] = parent
      at = up
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      let least = heap[child]
      if (least === undefined) break
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, least)) {
        least = right
        child += 1
      }
      if (!isBefore(least, last)) break
      heap[at] = least
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time === b.time ? a.order < b.order : a.time < b.time
}
