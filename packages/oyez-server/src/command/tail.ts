import { Command, InvalidArgumentError } from 'commander'
import type { Break } from 'oyez/client'
import { printable } from '../log/printable.ts'
import { UserError } from '../user-error.ts'
import type { TailSink } from './tail-channel.ts'

interface TailCommandOptions {
  readonly url: string
  readonly user?: string
  readonly since?: number
  readonly history?: number
  readonly count?: number
}

/** `oyez tail CHANNEL`: prints what is published to a channel, one line each. */
export function tailCommand(): Command {
  return new Command('tail')
    .summary('print what is published to a channel')
    .description(
      'Prints what is published to a channel: one line of offset and data each. Reconnects by itself, to Ctrl+C.',
    )
    .argument('<CHANNEL>', 'the channel; #USER is what is sent to a user')
    .option('--url <URL>', 'address of a node (or OYEZ_URL)', process.env['OYEZ_URL'] ?? 'http://127.0.0.1:8001')
    .option('--user <NAME>', 'name to appear under; needs a server with --dev')
    .option('--since <OFFSET>', 'begin behind this offset', wholeNumber)
    .option('--history <NUMBER>', 'begin with the last publications', wholeNumber)
    .option('-n, --count <NUMBER>', 'end after this many lines', wholeNumber)
    .addHelpText(
      'after',
      `
Lost connections, and a BREAK (something was missed and cannot be had again), are reported on standard error.

Examples:
  $ oyez tail room:lobby --history 10
  $ oyez tail '#bob' --user bob              what is sent to bob`,
    )
    .action(async (channel: string, options: TailCommandOptions) => {
      if (options.since !== undefined && options.history !== undefined) {
        throw new UserError('give either --since or --history, not both')
      }
      const owner = channel.startsWith('#') ? channel.slice(1) : undefined
      if (owner !== undefined && options.user !== undefined && options.user !== owner) {
        throw new UserError(`${printable(channel)} is for ${printable(owner)} alone: leave --user out`)
      }
      const user = options.user ?? owner
      const { tailChannel } = await import('./tail-channel.ts')
      await tailChannel(
        { ...options, channel, url: websocketUrl(options.url, user) },
        new TerminalSink(options.count ?? Number.POSITIVE_INFINITY),
      )
    })
}

class TerminalSink implements TailSink {
  #left: number

  constructor(count: number) {
    this.#left = count
  }

  publication(offset: number, data: unknown): void {
    if (this.#left <= 0) return
    this.#left -= 1
    process.stdout.write(
      `${offset === 0 ? '-' : offset}  ${printable(JSON.stringify(data), Number.POSITIVE_INFINITY)}\n`,
    )
    if (this.#left <= 0) process.exit(0)
  }

  broken({ reason, last, next, fork }: Break): void {
    const rollback = fork === undefined ? '' : `, what came after ${fork} was rolled back`
    process.stderr.write(`BREAK (${reason}): whole up to ${last.offset}${rollback}, goes on after ${next.offset}\n`)
  }

  notice(text: string): void {
    process.stderr.write(`oyez: ${printable(text)}\n`)
  }
}

/** The WebSocket address of a node: takes `http://HOST:PORT` too, and fills in the path. */
export function websocketUrl(text: string, user: string | undefined): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:', 'ws:', 'wss:'].includes(url.protocol)) {
    throw new UserError(`--url must be like ws://127.0.0.1:8001, not "${printable(text)}"`)
  }
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:'
  if (url.pathname === '/') url.pathname = '/connection/websocket'
  if (user !== undefined) url.searchParams.set('user', user)
  return url.href
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.')
  return Number(text)
}
