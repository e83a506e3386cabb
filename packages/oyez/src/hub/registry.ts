import type { Connection } from './connection.ts'

/** Who is connected to this node: by id, and by user for those who have said who they are. */
export class Registry {
  readonly #connections = new Set<Connection>()
  readonly #pending = new Set<Connection>()
  readonly #byId = new Map<string, Connection>()
  readonly #byUser = new Map<string, Set<Connection>>()

  /** Open transports, authenticated or not. */
  get size(): number {
    return this.#connections.size
  }

  get users(): number {
    return this.#byUser.size
  }

  all(): Iterable<Connection> {
    return this.#connections
  }

  /** Those that have not been let in. */
  pending(): Iterable<Connection> {
    return this.#pending
  }

  authenticated(): Iterable<Connection> {
    return this.#byId.values()
  }

  get(id: string): Connection | undefined {
    return this.#byId.get(id)
  }

  ofUser(userId: string): Iterable<Connection> {
    return this.#byUser.get(userId) ?? []
  }

  countOfUser(userId: string): number {
    return this.#byUser.get(userId)?.size ?? 0
  }

  /** A transport was accepted. */
  add(connection: Connection): void {
    this.#connections.add(connection)
    this.#pending.add(connection)
  }

  /** The connection's user is known now. */
  admit(connection: Connection, userId: string): void {
    this.#pending.delete(connection)
    this.#byId.set(connection.id, connection)
    if (userId === '') return
    const connections = this.#byUser.get(userId)
    if (connections === undefined) this.#byUser.set(userId, new Set([connection]))
    else connections.add(connection)
  }

  /** The transport has ended. */
  remove(connection: Connection, userId: string): void {
    this.#connections.delete(connection)
    this.dismiss(connection, userId)
    this.#pending.delete(connection)
  }

  /** Takes an admission back: the connection is among the pending ones again, whose time is limited. */
  dismiss(connection: Connection, userId: string): void {
    // Its transport may have ended while the application was still thinking about it.
    if (this.#connections.has(connection)) this.#pending.add(connection)
    this.#byId.delete(connection.id)
    const connections = this.#byUser.get(userId)
    connections?.delete(connection)
    if (connections?.size === 0) this.#byUser.delete(userId)
  }
}
