import { Command } from 'commander'
import { checkConfigCommand } from './command/check-config.ts'
import { lbCommand } from './command/lb.ts'
import { withOneLineErrors } from './command/output-lines.ts'
import { planCommand } from './command/plan.ts'
import { publishCommand, sendCommand } from './command/publish.ts'
import { serveCommand } from './command/serve.ts'
import { tailCommand } from './command/tail.ts'
import { VERSION } from './version.ts'

/** The command line `oyez`. */
export function oyezProgram(): Command {
  const program = new Command('oyez')
    .description(
      'Makes many WebSocket servers behave as one: a message reaches its reader on whichever server that is.',
    )
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .addHelpText(
      'after',
      `
Examples:
  $ oyez serve --dev --workers 2                          try it: two processes, no Redis, everybody welcome
  $ oyez tail room:lobby --user alice                     listen, in a second terminal
  $ oyez publish room:lobby '{"text":"hear ye"}'          speak, in a third
  $ oyez send alice '{"text":"for you alone"}'            to every device of a user
  $ oyez serve --bus redis://127.0.0.1:6379 --host 0.0.0.0   one of many nodes`,
    )
  for (const command of [
    serveCommand(),
    publishCommand(),
    sendCommand(),
    tailCommand(),
    lbCommand(),
    planCommand(),
    checkConfigCommand(),
  ]) {
    program.addCommand(command)
  }
  return withOneLineErrors(program)
}
