import type { RefusedOrigin } from 'oyez'
import type { Log } from '../log/log.ts'
import { printable } from '../log/printable.ts'
import { Repeats } from '../log/repeats.ts'

const LONGEST = 200
const INTERVAL_MS = 10_000
const MOST_LINES = 10

/** Writes a line for a refused origin that says what to add; equal ones are a line every ten seconds. */
export function logRefusedOrigins(log: Log): (refused: RefusedOrigin) => void {
  const repeats = new Repeats()
  let since = performance.now()
  let lines = 0
  return ({ origin, host = '' }) => {
    const held = repeats.admit(`${origin} ${host}`)
    if (held === undefined) return
    // A stranger can invent origins: new ones are so many lines in an interval at most.
    const now = performance.now()
    if (now - since >= INTERVAL_MS) {
      since = now
      lines = 0
    }
    if (++lines > MOST_LINES) return
    const page = printable(origin.slice(0, LONGEST))
    log.warn(
      `a web page of ${page} was refused: if it is yours, add it with --origins ${page} (or origins in the config file)`,
      {
        origin: page,
        host: printable(host.slice(0, LONGEST)),
        ...(held === 0 ? {} : { and_before: held }),
      },
    )
  }
}
