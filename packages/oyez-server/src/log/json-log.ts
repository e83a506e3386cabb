import { pino, type Logger } from 'pino'
import type { Log, LogFields } from './log.ts'

/** One JSON object a line on standard output, for machines. */
export class JsonLog implements Log {
  readonly #pino: Logger

  constructor(node: string) {
    // Synchronous, so that the last words of a process that exits are not lost; there is no line per message.
    const output = pino.destination({ dest: 1, sync: true })
    // A lost line (its reader ended, the disk is full) must not end the server.
    output.on('error', () => {})
    this.#pino = pino({ base: { pid: process.pid, node } }, output)
  }

  info(message: string, fields: LogFields = {}): void {
    this.#pino.info(fields, message)
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#pino.warn(fields, message)
  }

  error(message: string, fields: LogFields = {}): void {
    this.#pino.error(fields, message)
  }
}
