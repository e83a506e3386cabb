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
  let down = false
  hub.on('bus', ({ state, error }) => {
    if (state === 'down') {
      down = true
      log.warn('the bus is down; clients stay connected', error === undefined ? {} : { reason: error.message })
    } else if (state === 'up' && down) {
      down = false
      log.info('the bus is up again')
    }
  })
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

function whoIs({ userId }: ConnectionView): string {
  return userId === '' ? 'somebody' : printable(userId)
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
