import { Argument, Command, Option } from 'commander'
import { type Affinity, balancerConfig, type BalancerKind } from '../lb/balancer.ts'
import { UserError } from '../user-error.ts'

/** `oyez lb nginx|haproxy`: prints a load-balancer configuration. */
export function lbCommand(): Command {
  return new Command('lb')
    .summary('print a configuration for nginx or HAProxy')
    .description('Prints a ready load-balancer configuration: WebSocket timeouts, health checks, sticky sessions.')
    .addArgument(new Argument('<kind>', 'which load balancer').choices(['nginx', 'haproxy']))
    .addOption(
      new Option('--node <HOST:PORT>', 'a node; repeat for each')
        .makeOptionMandatory()
        .argParser<string[] | undefined>((value, before) => [...(before ?? []), ...value.split(',').map(nodeAddress)]),
    )
    .addOption(
      new Option('--affinity <HOW>', 'how a client comes back to its node')
        .choices(['cookie', 'ip', 'none'])
        .default('cookie'),
    )
    .addOption(new Option('--listen <PORT>', 'port, or ADDRESS:PORT, of the load balancer').default('80'))
    .addHelpText(
      'after',
      `
oyez does not need sticky sessions: a client continues on any node. They save a little work, and other programs behind the same
load balancer may want them.

Examples:
  $ oyez lb nginx --node 10.0.0.11:8001 --node 10.0.0.12:8001 > /etc/nginx/conf.d/oyez.conf
  $ oyez lb haproxy --node 10.0.0.11:8001 --node 10.0.0.12:8001 --affinity none > /etc/haproxy/haproxy.cfg`,
    )
    .action((kind: BalancerKind, options: { node: string[]; affinity: Affinity; listen: string }) => {
      if (!/^([\w.-]+:|\[[\da-f:.]+\]:|\*:)?\d{1,5}$/i.test(options.listen)) {
        throw new UserError(`--listen must be a port or ADDRESS:PORT, not "${options.listen}"`)
      }
      const twice = options.node.find((node, index) => options.node.indexOf(node) !== index)
      if (twice !== undefined) throw new UserError(`--node ${twice} is given twice`)
      process.stdout.write(
        balancerConfig(kind, { nodes: options.node, affinity: options.affinity, listen: options.listen }),
      )
    })
}

function nodeAddress(value: string): string {
  const match = /^([\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(value)
  const port = Number(match?.[2])
  if (match === null || port < 1 || port > 65_535) {
    throw new UserError(`--node must be HOST:PORT such as 10.0.0.11:8001, not "${value}"`)
  }
  return value
}
