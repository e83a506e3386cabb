import { printable } from '../log/printable.ts'
import { UserError } from '../user-error.ts'

/** A JSON value from the command line. @throws {UserError} that shows how to quote it. */
export function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    const quoted = /^[\w .,!?-]+$/.test(text) ? `; a text needs its own quotes: '${JSON.stringify(text)}'` : ''
    throw new UserError(`"${printable(text)}" is not JSON${quoted}`)
  }
}
