import { parseArgs } from 'node:util'

export interface SimulationOptions {
  /** Worlds to live through. */
  readonly seeds: number
  /** The first seed. */
  readonly from: number
  /** From one seed to the next. */
  readonly step: number
  /** Name of a fault to plant in the product, to see that it is found. */
  readonly plant: string | undefined
  /** Processes that live through worlds at the same time. */
  readonly processes: number
  /** Ends at the first world that is not as promised. */
  readonly isUntilFound: boolean
  readonly isChild: boolean
}

/** Reads the command line. @throws {TypeError} for what it does not understand. */
export function readSimulationOptions(args: readonly string[]): SimulationOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      step: { type: 'string', default: '1' },
      plant: { type: 'string' },
      processes: { type: 'string', default: '2' },
      'until-found': { type: 'boolean', default: false },
      child: { type: 'boolean', default: false },
    },
  })
  return {
    seeds: whole('seeds', values.seeds),
    from: whole('from', values.from),
    step: whole('step', values.step),
    processes: whole('processes', values.processes),
    plant: values.plant,
    isUntilFound: values['until-found'],
    isChild: values.child,
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new TypeError(`--${name} must be a whole number from 1, not ${text}`)
  return value
}
