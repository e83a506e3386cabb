/** Something the person at the terminal can mend. Its message is one line: what, where, what to do. The command ends with code 1. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
