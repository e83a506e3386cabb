import { type ClientOptions, WebSocket } from 'ws'
import { type CommandShape, commandFrame, readReplies, toWireMessage } from '../codec/protobuf/generated-codec.ts'
import type { Closed, WireMessage } from '../wire/raw-client.ts'

interface Waiter {
  readonly fits: (message: WireMessage) => boolean
  readonly resolve: (message: WireMessage) => void
  readonly reject: (error: Error) => void
}

/** A client by hand: a bare WebSocket and the generated code. What it hears has the shape of the JSON form, payloads parsed. */
export class BinaryClient {
  /** Everything that came, one entry a WebSocket message. */
  readonly frames: Uint8Array[] = []
  readonly closed: Promise<Closed>
  readonly #ws: WebSocket
  #unread: WireMessage[] = []
  #waiters: Waiter[] = []

  static async open(url: string, options: ClientOptions & { protocols?: string[] } = {}): Promise<BinaryClient> {
    const { protocols = ['centrifuge-protobuf'], ...rest } = options
    const ws = new WebSocket(url, protocols, rest)
    const client = new BinaryClient(ws)
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve)
      ws.once('error', reject)
    })
    return client
  }

  private constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('error', () => undefined)
    ws.on('message', (data: Buffer, isBinary: boolean) => this.#onMessage(data, isBinary))
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        for (const { reject } of this.#waiters) reject(new Error(`closed with ${code} ${reason.toString()}`))
      })
    })
  }

  /** The subprotocol that was agreed on. */
  get protocol(): string {
    return this.#ws.protocol
  }

  /** Sends commands in one frame. */
  send(...commands: readonly CommandShape[]): void {
    this.sendBytes(commandFrame(...commands))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#ws.send(bytes, { binary: true })
  }

  sendText(text: string): void {
    this.#ws.send(text)
  }

  /** The next message that has not been read, in the order of arrival. */
  next(): Promise<WireMessage> {
    return this.#take(() => true)
  }

  /** The answer to a command; others stay unread. */
  reply(id: number): Promise<WireMessage> {
    return this.#take((message) => message.id === id)
  }

  /** Sends a command and resolves with its answer. */
  ask(command: CommandShape & { readonly id: number }): Promise<WireMessage> {
    this.send(command)
    return this.reply(command.id)
  }

  /** The next push; replies stay unread. */
  push(): Promise<NonNullable<WireMessage['push']>> {
    return this.#take(({ push }) => push !== undefined).then(({ push }) => push ?? {})
  }

  /** The next ping; other messages stay unread. */
  async ping(): Promise<void> {
    await this.#take((message) => Object.keys(message).length === 0)
  }

  /** Connects with a token and resolves with the result. */
  async connect(token = ''): Promise<NonNullable<WireMessage['connect']>> {
    const { connect, error } = await this.ask({ id: 1, connect: { token } })
    if (connect === undefined) throw new Error(`refused with ${error?.code} ${error?.message}`)
    return connect
  }

  /** Ends without a goodbye. */
  terminate(): void {
    this.#ws.terminate()
  }

  #take(fits: Waiter['fits']): Promise<WireMessage> {
    const index = this.#unread.findIndex(fits)
    const [found] = index === -1 ? [] : this.#unread.splice(index, 1)
    if (found !== undefined) return Promise.resolve(found)
    if (this.#ws.readyState === this.#ws.CLOSED) return Promise.reject(new Error('the connection is closed'))
    return new Promise((resolve, reject) => this.#waiters.push({ fits, resolve, reject }))
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (!isBinary) throw new Error('the binary form travels in binary frames')
    this.frames.push(data)
    for (const message of readReplies(data).map(toWireMessage)) {
      const waiter = this.#waiters.find(({ fits }) => fits(message))
      if (waiter === undefined) {
        this.#unread.push(message)
        continue
      }
      this.#waiters = this.#waiters.filter((other) => other !== waiter)
      waiter.resolve(message)
    }
  }
}
