import { Command } from 'commander'
import { SETTINGS } from '../config/settings.ts'

/** `oyez serve`: runs a node, or several that share a port. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('run a node, or several workers that share a port')
    .description('Runs a server. Settings come from defaults, config file, environment and flags; the later one wins.')
    .option('--config <FILE>', 'config file, YAML or JSON (or OYEZ_CONFIG)')
  for (const { flag, value, help, env } of SETTINGS) {
    command.option(value === undefined ? flag : `${flag} <${value}>`, `${help} (${env})`)
  }
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ oyez serve --dev                                       one process, everybody welcome
  $ oyez serve --dev --workers 2                           two processes behind one port, joined by the worker bus
  $ oyez serve --bus redis://127.0.0.1:6379 --port 8001    one of many nodes, joined by Redis
  $ oyez serve --bus redis+sentinel://s1:26379,s2:26379,s3:26379/mymaster
  $ oyez serve --bus redis+cluster://r1:6379,r2:6379,r3:6379
  $ oyez serve --config oyez.yaml                          settings from a file; check it with: oyez checkconfig oyez.yaml

A config file:
  port: 8001
  bus: redis://127.0.0.1:6379
  api: { key: CHANGE-ME }
  origins: [https://example.com]
  channels:
    defaults: { history_size: 100, history_ttl: 300s, publish: nobody, subscribe: anyone }
    namespaces:
      room: { publish: authenticated, history_size: 1000 }
      typing: { ephemeral: true, publish: authenticated }`,
    )
    .action(async (options: Record<string, string | boolean | undefined>) => {
      const flags = Object.fromEntries(SETTINGS.map(({ flag }) => [flag, options[camelCase(flag)]]))
      const file = typeof options['config'] === 'string' ? options['config'] : undefined
      // Loaded when it is needed: a server has many parts, and most commands need none of them.
      const [{ loadConfig }, { serve }] = await Promise.all([import('../config/load-config.ts'), import('../serve.ts')])
      await serve(loadConfig({ file, env: process.env, flags }))
    })
}

/** The name under which commander keeps a flag's value. */
function camelCase(flag: string): string {
  return flag.replace(/^--/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
