import { Command } from 'commander'
import { type Workload, WORKLOAD_FLAGS } from '../plan/workload.ts'
import { UserError } from '../user-error.ts'

/** `oyez plan`: says how many nodes, Redis and ports a workload needs. */
export function planCommand(): Command {
  const command = new Command('plan')
    .summary('compute what a given load needs')
    .description(
      'Computes nodes, Redis masters, bandwidth, file limits and ports for a load, from measured unit costs.',
    )
  for (const { flag, help, preset } of WORKLOAD_FLAGS) {
    command.option(`${flag} <N>`, preset === undefined ? help : `${help} (default: ${preset})`)
  }
  return command
    .option('--json', 'print numbers for programs')
    .addHelpText(
      'after',
      `
Examples:
  $ oyez plan --users 100000 --channels 20000 --subscriptions 5 --publications 500
  $ oyez plan --users 10000000 --channels 2000000 --publications 20000 --messages 50000 --balancer-addresses 4`,
    )
    .action(async (options: Record<string, string | true | undefined>) => {
      const [{ readWorkload }, { capacityOf }, { MEASURED }, { planText }] = await Promise.all([
        import('../plan/workload.ts'),
        import('../plan/capacity.ts'),
        import('../plan/unit-costs.ts'),
        import('../plan/plan-text.ts'),
      ])
      const given: Partial<Record<keyof Workload, string>> = {}
      for (const { key, flag } of WORKLOAD_FLAGS) {
        const value = options[camelCase(flag)]
        if (typeof value === 'string') given[key] = value
      }
      const workload = readWorkload(given)
      const capacity = capacityOf(workload, MEASURED.values)
      if (capacity === undefined) {
        throw new UserError(
          'no number of nodes is enough: each would hear more publications than it can take in; publish less, or to fewer subscribers at a time',
        )
      }
      process.stdout.write(
        options['json'] === true
          ? `${JSON.stringify({ workload, capacity }, undefined, 2)}\n`
          : planText(workload, capacity, MEASURED),
      )
    })
}

/** The name under which commander keeps a flag's value. */
function camelCase(flag: string): string {
  return flag.replace(/^--/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
