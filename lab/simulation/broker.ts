import type { Random } from '../random.ts'
import { BrokerServer, type Logs } from './broker-server.ts'
import type { LogArchive } from './log-archive.ts'
import type { FakeClock } from './fake-clock.ts'

/** The simulated servers behind the buses: who is master now, and what happens when it is lost. */
export class Broker {
  readonly #clock: FakeClock
  readonly #random: Random
  readonly #archive: LogArchive
  #master: BrokerServer
  #snapshot: Logs | undefined
  /** Those who are to be told that their server is gone. */
  readonly #listeners = new Set<(lost: BrokerServer) => void>()

  constructor(clock: FakeClock, random: Random, archive: LogArchive) {
    this.#clock = clock
    this.#random = random
    this.#archive = archive
    this.#master = new BrokerServer(archive.freshName('t'), new Map(), archive)
    this.#replicateSoon(this.#master)
  }

  get master(): BrokerServer {
    return this.#master
  }

  onLost(listener: (lost: BrokerServer) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The master dies and its replica takes over, with or without the writes that it did not have. */
  failOver(isLossy: boolean): void {
    const old = this.#master
    if (!isLossy) old.replicate(old.behind)
    this.#replace(old.copied, old.behind > 0)
    for (const hear of this.#listeners) hear(old)
  }

  /** The replica takes over while the master, cut off, goes on for those who do not notice. */
  partition(): BrokerServer {
    const old = this.#master
    old.isStale = true
    this.#replace(old.copied, true)
    return old
  }

  saveSnapshot(): void {
    this.#snapshot = new Map(this.#master.logs)
  }

  /** The master restarts: with all it had, with its last snapshot, or with nothing. */
  restart(withWhat: 'all' | 'snapshot' | 'nothing'): void {
    const old = this.#master
    const snapshot = this.#snapshot ?? new Map()
    this.#replace(
      withWhat === 'all' ? old.logs : withWhat === 'snapshot' ? snapshot : new Map(),
      withWhat === 'snapshot',
    )
    if (withWhat === 'nothing') this.#archive.loss(true)
    for (const hear of this.#listeners) hear(old)
  }

  lose(channel: string): void {
    this.#archive.loss(true)
    this.#master.lose(channel)
  }

  #replace(logs: Logs, isLoss: boolean): void {
    if (isLoss) this.#archive.loss(false)
    this.#master = new BrokerServer(this.#archive.freshName('t'), logs, this.#archive)
    this.#replicateSoon(this.#master)
  }

  #replicateSoon(server: BrokerServer): void {
    this.#clock.after(this.#random.whole(5, 400), () => {
      server.replicate(this.#random.whole(0, server.behind))
      if (server === this.#master) this.#replicateSoon(server)
    })
  }
}
