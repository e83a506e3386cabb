import type { ConnectionView, Hub } from 'oyez'
import type { Log, LogFields } from '../log/log.ts'
import { printable } from '../log/printable.ts'
import { Repeats } from '../log/repeats.ts'

/** Writes what happens to a hub into the log; connections only when asked for. */
export function logHub(hub: Hub, log: Log, options: { readonly connections: boolean }): void {
  const repeats = new Repeats()
  const warn = (message: string, fields: LogFields): void => {
    const held = repeats.admit(message)
    if (held !== undefined) log.warn(message, held === 0 ? fields : { ...fields, and_before: held })
  }
  logBus(hub, log)
  hub.on('break', ({ channel, break: { reason }, subscribers }) => {
    warn('a stream broke; its subscribers were told', { channel, reason, subscribers })
  })
  hub.on('hookError', ({ hook, error }) => warn('a hook failed', { hook, error: wordsOf(error) }))
  hub.on('warning', ({ message, error }) => warn(message, error === undefined ? {} : { error: wordsOf(error) }))
  if (!options.connections) return
  hub.on('connected', ({ connection }) => {
    log.info(`${whoIs(connection)} connected to ${hub.nodeName}`, { from: connection.remoteAddress, id: connection.id })
  })
  hub.on('disconnected', ({ connection, code, reason }) => {
    log.info(`${whoIs(connection)} left ${hub.nodeName}`, {
      code,
      ...(reason === '' ? {} : { reason }),
      id: connection.id,
    })
  })
}

const STATES = {
  down: 'the bus is down; clients stay connected',
  refusing: 'the bus refuses to store: publications fail, reading goes on',
} as const
/** A reason that comes and goes during one outage is a line a minute. */
const SAME_REASON_MS = 60_000

/** One line when trouble begins, one for each new reason, one when it is over. */
function logBus(hub: Hub, log: Log): void {
  let trouble: keyof typeof STATES | undefined
  let reasons = new Repeats(SAME_REASON_MS)
  hub.on('bus', ({ state, error }) => {
    if (state === 'gap') return
    if (state === 'up') {
      if (trouble !== undefined) log.info(trouble === 'down' ? 'the bus is up again' : 'the bus stores again')
      trouble = undefined
      return
    }
    const isNew = trouble !== state
    if (isNew) reasons = new Repeats(SAME_REASON_MS)
    trouble = state
    const reason = error?.message ?? ''
    if (reasons.admit(reason) === undefined) return
    const message = isNew
      ? STATES[state]
      : `${state === 'down' ? 'the bus is still down' : 'the bus still refuses'}, for another reason`
    log.warn(message, reason === '' ? {} : { reason })
  })
}

function whoIs({ userId }: ConnectionView): string {
  return userId === '' ? 'somebody' : printable(userId)
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
