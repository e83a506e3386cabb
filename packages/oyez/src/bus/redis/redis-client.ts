import { createClient, type RedisClientType } from '@redis/client'
import type { Endpoint, Login } from './options.ts'

/** A client that is not yet connected, never reconnects by itself and speaks RESP3. */
export function makeClient({ host, port }: Endpoint, login: Login): RedisClientType {
  const { username, password, database, tls } = login
  const common = { host, port, connectTimeout: 2_000, reconnectStrategy: false as const }
  return createClient({
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
