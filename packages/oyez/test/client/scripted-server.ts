import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

/** A command as it came over the wire. */
export type WireCommand = Readonly<Record<string, unknown>> & { readonly id?: number }

/** One connection of a {@link ScriptedServer}: commands in, frames out. */
export class ScriptedConnection {
  readonly socket: WebSocket
  /** Everything received, in order; each frame's commands joined by its frame number. */
  readonly frames: WireCommand[][] = []
  readonly #queue: WireCommand[] = []
  readonly #waiting: ((command: WireCommand) => void)[] = []

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on('message', (bytes: Buffer) => {
      const commands = bytes
        .toString()
        .split('\n')
        .map((line) => JSON.parse(line) as WireCommand)
      this.frames.push(commands)
      for (const command of commands) {
        const taker = this.#waiting.shift()
        if (taker) taker(command)
        else this.#queue.push(command)
      }
    })
  }

  /** The next command, whenever it comes. */
  next(): Promise<WireCommand> {
    const command = this.#queue.shift()
    return command ? Promise.resolve(command) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Sends messages in one frame. */
  send(...messages: readonly object[]): void {
    this.socket.send(messages.map((message) => JSON.stringify(message)).join('\n'))
  }

  /** Answers the next command, which must have the name. */
  async answer(name: string, result: object = {}): Promise<WireCommand> {
    const command = await this.next()
    if (!(name in command)) throw new Error(`expected ${name}, got ${JSON.stringify(command)}`)
    this.send({ id: command.id, [name]: result })
    return command
  }

  /** Refuses the next command. */
  async refuse(error: object): Promise<WireCommand> {
    const command = await this.next()
    this.send({ id: command.id, error })
    return command
  }
}

/** A WebSocket server that does what the test says: the stand-in for a server that a real hub never is. */
export class ScriptedServer {
  readonly #server: WebSocketServer
  readonly #queue: ScriptedConnection[] = []
  readonly #waiting: ((connection: ScriptedConnection) => void)[] = []

  private constructor(server: WebSocketServer) {
    this.#server = server
    server.on('connection', (socket) => {
      const connection = new ScriptedConnection(socket)
      const taker = this.#waiting.shift()
      if (taker) taker(connection)
      else this.#queue.push(connection)
    })
  }

  static async start(): Promise<ScriptedServer> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    return new ScriptedServer(server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/connection/websocket`
  }

  /** The next connection, whenever it comes. */
  connection(): Promise<ScriptedConnection> {
    const connection = this.#queue.shift()
    return connection ? Promise.resolve(connection) : new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The next connection, let in. */
  async welcome(result: object = {}): Promise<ScriptedConnection> {
    const connection = await this.connection()
    await connection.answer('connect', { client: 'c1', ping: 25, pong: true, oyez_ext: 1, ...result })
    return connection
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
