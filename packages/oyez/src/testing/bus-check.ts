import type { Bus } from '../bus/bus.ts'
import { BusTrial } from './bus-trial.ts'

/** The brokers' side of a conformance run: one world in which buses meet. */
export interface BusWorld {
  /** A fresh bus, not started, joined to the same broker as the others of this world: another node. The check closes it. */
  connect(): Bus | Promise<Bus>
  /** Called once, after all buses of this world were closed. */
  cleanup?(): void | Promise<void>
}

/** Makes the world that one check runs in. Worlds may share a broker: every check uses channel names of its own. */
export type BusWorldFactory = () => BusWorld | Promise<BusWorld>

/** One promise of the `Bus` contract, as a test. */
export interface BusCheck {
  /** A sentence that says what holds. */
  readonly name: string
  /** Resolves when the promise is kept, rejects with an `AssertionError` when it is not. Takes a few seconds at most. */
  run(factory: BusWorldFactory): Promise<void>
}

/** Makes a check out of its body; everything that the body connects is closed afterwards. */
export function busCheck(name: string, body: (trial: BusTrial) => Promise<void>): BusCheck {
  return {
    name,
    async run(factory) {
      const world = await factory()
      const trial = new BusTrial(() => world.connect())
      try {
        await body(trial)
      } finally {
        await trial.end()
        await world.cleanup?.()
      }
    },
  }
}
