/** Values that belong to a log line. Never a token, a key or a payload. */
export type LogFields = Readonly<Record<string, string | number | boolean>>

/** Where a server says what happens to it. No line per message, ever. */
export interface Log {
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
