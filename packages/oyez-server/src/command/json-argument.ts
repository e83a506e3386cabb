import { JsonText } from 'oyez'
import { printable } from '../log/printable.ts'
import { UserError } from '../user-error.ts'

/** A JSON value from the command line. @throws {UserError} that shows how to quote it. */
export function jsonArgument(text: string): JsonText {
  try {
    return JsonText.parse(text)
  } catch (error) {
    if (!(error instanceof TypeError && error.cause instanceof SyntaxError))
      throw new UserError(`the JSON value is ${String((error as Error).message)}`, { cause: error })
    const quoted = /^[\w .,!?-]+$/.test(text) ? `; a text needs its own quotes: '${JSON.stringify(text)}'` : ''
    throw new UserError(`"${printable(text)}" is not JSON${quoted}`)
  }
}
