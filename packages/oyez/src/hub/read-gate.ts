/** Whoever wants a log read: a connection, or a channel for all of its subscribers. */
export interface Reader {
  /** False from the moment in which the result is of no use any more. */
  readonly isListening: boolean
}

/** Why a read was not started: its reader left while the read waited. */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError'

  constructor() {
    super('the reader left before the read was started')
  }
}

interface WaitingRead {
  /** Starts the read; the promise settles with it and never rejects. */
  readonly start: () => Promise<void>
  readonly reject: (error: Error) => void
}

/** The reads of one reader. */
interface Lane {
  readonly reader: Reader
  readonly waiting: WaitingRead[]
  running: number
  isQueued: boolean
}

/**
 * Bounds the log reads that run at a time, in total and for each reader. Readers that wait take turns, one read each, so that a reader with many reads
 * delays another one by one read at most. The waiting reads of a reader that left are dropped.
 */
export class ReadGate {
  readonly #limit: number
  readonly #perReader: number
  readonly #lanes = new Map<Reader, Lane>()
  /** Lanes that have a waiting read and may start it, in the order of their turns. */
  #turns: Lane[] = []
  #running = 0

  /**
   * @param limit - Reads that run at a time.
   * @param perReader - Of these, the reads of one reader.
   */
  constructor(limit: number, perReader: number = limit) {
    this.#limit = limit
    this.#perReader = perReader
  }

  /** Readers that have a read running or waiting. */
  get readers(): number {
    return this.#lanes.size
  }

  /** Runs a read when it is the reader's turn. @throws {ReaderGoneError} when the reader left before. */
  run<T>(reader: Reader, read: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const lane = this.#laneOf(reader)
      lane.waiting.push({ start: async () => attempt(read).then(resolve, reject), reject })
      this.#queue(lane)
      this.#startReads()
    })
  }

  /** Drops the waiting reads of a reader. Those that run go on. */
  leave(reader: Reader): void {
    const lane = this.#lanes.get(reader)
    if (lane === undefined) return
    for (const { reject } of lane.waiting.splice(0)) reject(new ReaderGoneError())
    this.#forgetIfIdle(lane)
  }

  #laneOf(reader: Reader): Lane {
    let lane = this.#lanes.get(reader)
    if (lane === undefined) {
      lane = { reader, waiting: [], running: 0, isQueued: false }
      this.#lanes.set(reader, lane)
    }
    return lane
  }

  #queue(lane: Lane): void {
    if (lane.isQueued || lane.waiting.length === 0 || lane.running >= this.#perReader) return
    lane.isQueued = true
    this.#turns.push(lane)
  }

  #startReads(): void {
    while (this.#running < this.#limit) {
      const lane = this.#turns.shift()
      if (lane === undefined) return
      lane.isQueued = false
      if (!lane.reader.isListening) this.leave(lane.reader)
      const next = lane.waiting.shift()
      if (next === undefined) continue
      lane.running += 1
      this.#running += 1
      this.#queue(lane)
      void next.start().then(() => this.#ended(lane))
    }
  }

  #ended(lane: Lane): void {
    lane.running -= 1
    this.#running -= 1
    this.#queue(lane)
    this.#forgetIfIdle(lane)
    this.#startReads()
  }

  #forgetIfIdle(lane: Lane): void {
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(lane.reader)
  }
}

/** A read that throws at once rejects like any other. */
async function attempt<T>(read: () => Promise<T>): Promise<T> {
  return read()
}
