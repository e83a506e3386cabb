import { Command } from 'commander'
import { callApi } from './api-call.ts'
import { jsonArgument } from './json-argument.ts'

interface ApiOptions {
  readonly url: string
  readonly apiKey?: string
}

/** `oyez publish CHANNEL JSON`: publishes over the HTTP API. */
export function publishCommand(): Command {
  return apiCommand('publish')
    .summary('publish to a channel')
    .description('Publishes a JSON value to a channel, over the HTTP API of a node.')
    .argument('<CHANNEL>', 'the channel')
    .argument('<JSON>', 'what to publish')
    .option('--idempotency-key <KEY>', 'publish once, however often this is repeated within five minutes')
    .addHelpText('after', `\nExample:\n  $ oyez publish room:lobby '{"text":"hear ye"}'`)
    .action(async (channel: string, json: string, options: ApiOptions & { idempotencyKey?: string }) => {
      const data = jsonArgument(json)
      const body = { channel, data, idempotency_key: options.idempotencyKey }
      printPosition(channel, await callApi('publish', body, options))
    })
}

/** `oyez send USER JSON`: sends to every device of a user over the HTTP API. */
export function sendCommand(): Command {
  return apiCommand('send')
    .summary('send to a user, on every device')
    .description('Sends a JSON value to a user: to every connection of that user, on whichever node it is.')
    .argument('<USER>', 'the user')
    .argument('<JSON>', 'what to send')
    .addHelpText('after', `\nExample:\n  $ oyez send bob '{"text":"hear ye"}'`)
    .action(async (user: string, json: string, options: ApiOptions) => {
      printPosition(`#${user}`, await callApi('send', { user, data: jsonArgument(json) }, options))
    })
}

function apiCommand(name: string): Command {
  return new Command(name)
    .option('--url <URL>', 'address of a node (or OYEZ_URL)', process.env['OYEZ_URL'] ?? 'http://127.0.0.1:8001')
    .option('--api-key <KEY>', 'key of the HTTP API (or OYEZ_API_KEY)')
}

function printPosition(channel: string, result: { readonly offset?: unknown }): void {
  const where =
    typeof result.offset === 'number' ? `at offset ${result.offset}` : '(not kept: the channel is ephemeral)'
  process.stdout.write(`published to ${channel} ${where}\n`)
}
