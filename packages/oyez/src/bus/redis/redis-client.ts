import { createClient, type RedisClientType } from '@redis/client'
import type { Endpoint, Login } from './options.ts'

let pattern: RedisClientType | undefined

/** A client that is not yet connected, never reconnects by itself and speaks RESP3. */
export function makeClient({ host, port }: Endpoint, login: Login): RedisClientType {
  const { username, password, database, tls } = login
  const common = { host, port, connectTimeout: 2_000, reconnectStrategy: false as const }
  // A new client of other options than the last one costs the library a new class with all its commands: measured, 40 ms and much garbage. A duplicate has the
  // class of its pattern.
  pattern ??= createClient({ RESP: 3 })
  return pattern.duplicate({
    RESP: 3,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    // The library's own timeout arms a timer for each command, which costs more than the command, and does not cover what was sent.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    disableOfflineQueue: true,
    disableClientInfo: true,
    // Said here, so that no environment variable turns the verification off: only the option does.
    socket: tls === undefined ? common : { rejectUnauthorized: true, ...tls, ...common, tls: true },
  })
}
