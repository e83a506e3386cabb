import { Command } from 'commander'
import { withoutPassword } from '../log/printable.ts'

/** `oyez checkconfig FILE`: says what is wrong with a config file, or what it amounts to. */
export function checkConfigCommand(): Command {
  return new Command('checkconfig')
    .summary('check a config file')
    .description('Checks a config file (YAML or JSON) without starting anything. Environment and flags are left out.')
    .argument('<FILE>', 'the file')
    .action(async (file: string) => {
      const { loadConfig } = await import('../config/load-config.ts')
      const config = loadConfig({ file })
      const namespaces = Object.keys(config.channels.namespaces ?? {})
      process.stdout.write(
        `${file} is fine: ${config.host}:${config.port}, bus ${withoutPassword(config.bus)}, ` +
          `${config.workers} ${config.workers === 1 ? 'process' : 'workers'}, ` +
          `API ${config.apiKey === undefined ? (config.dev ? 'open' : 'off') : 'with key'}, ` +
          `${namespaces.length === 0 ? 'no namespaces' : `namespaces ${namespaces.join(', ')}`}\n`,
      )
    })
}
