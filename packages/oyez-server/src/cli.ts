#!/usr/bin/env node
import { oyezProgram } from './program.ts'
import { endWithReader } from './log/output-reader.ts'
import { printable } from './log/printable.ts'
import { UserError } from './user-error.ts'

endWithReader()

try {
  await oyezProgram().parseAsync()
} catch (error) {
  if (error instanceof UserError) process.stderr.write(`oyez: ${error.message}\n`)
  else process.stderr.write(`oyez: this should not have happened: ${unexpected(error)}\n`)
  // Whatever is still open belongs to something that will not begin.
  process.exit(1)
}

function unexpected(error: unknown): string {
  // The stack is for whoever mends oyez, on request only.
  if (process.env['DEBUG']?.includes('oyez') === true && error instanceof Error) return error.stack ?? error.message
  return `${printable(error instanceof Error ? error.message : String(error))} (set DEBUG=oyez to see where)`
}
