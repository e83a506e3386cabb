import type { Command } from 'commander'

/** Makes a command and its subcommands report mistakes in one line that begins with `oyez:`. */
export function withOneLineErrors(command: Command): Command {
  command.configureOutput({
    // commander puts its suggestion ("Did you mean --port?") on a second line.
    outputError: (text, write) =>
      write(
        `oyez: ${text
          .trim()
          .replace(/^error: /, '')
          .replaceAll(/\s*\n\s*/g, ' ')}\n`,
      ),
  })
  for (const child of command.commands) withOneLineErrors(child)
  return command
}
