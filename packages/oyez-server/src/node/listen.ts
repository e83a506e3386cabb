import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UserError } from '../user-error.ts'

/** Where to listen. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** Listens and returns the port. @throws {UserError} that says what is in the way and what to do. */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(listenError(error, { host, port }))
    server.once('error', failed)
    server.listen({ host, port }, () => {
      server.off('error', failed)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

function listenError(error: NodeJS.ErrnoException, { host, port }: ListenAddress): UserError {
  return new UserError(problem(error, host, port), { cause: error })
}

function problem(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use: stop the program that listens there, or choose another port with --port`
    case 'EACCES':
      return `port ${port} needs rights that this user does not have: choose a port from 1024 with --port`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is not an address of this machine: choose one with --host, or 0.0.0.0 for all`
    default:
      return `cannot listen on ${host} port ${port}: ${error.message}`
  }
}

/** `http://HOST:PORT` as one types it into a browser. */
export function httpUrl({ host, port }: ListenAddress): string {
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`
}
