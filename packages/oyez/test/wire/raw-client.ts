import { type ClientOptions, WebSocket } from 'ws'

/** A publication as it stands on the wire. */
export interface WirePublication {
  readonly data: unknown
  readonly offset?: number
  readonly info?: unknown
}

/** The result of a subscribe as it stands on the wire. */
export interface WireSubscription {
  readonly recoverable?: boolean
  readonly epoch?: string
  readonly offset?: number
  readonly recovered?: boolean
  readonly was_recovering?: boolean
  readonly publications?: readonly WirePublication[]
  readonly oyez_break?: unknown
}

/** A message of the hub, parsed and otherwise untouched. */
export interface WireMessage {
  readonly id?: number
  readonly error?: { readonly code: number; readonly message: string; readonly temporary?: boolean }
  readonly connect?: { readonly client: string; readonly subs?: Readonly<Record<string, WireSubscription>> }
  readonly subscribe?: WireSubscription
  readonly publish?: { readonly offset?: number; readonly epoch?: string; readonly oyez_duplicate?: boolean }
  readonly history?: {
    readonly publications: readonly WirePublication[]
    readonly offset?: number
    readonly epoch: string
  }
  readonly rpc?: { readonly data: unknown }
  readonly push?: {
    readonly channel?: string
    readonly pub?: WirePublication
    readonly unsubscribe?: { readonly code: number; readonly reason: string }
  }
}

/** A command with an id; its other field is named after it. */
export interface WireCommand {
  readonly id: number
  readonly [name: string]: unknown
}

/** How a connection ended. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

interface Waiter {
  readonly fits: (message: WireMessage) => boolean
  readonly resolve: (message: WireMessage) => void
  readonly reject: (error: Error) => void
}

/** A client by hand: a bare WebSocket, JSON, and nothing that knows the protocol. */
export class RawClient {
  /** Everything that came, as text, one entry a WebSocket message. */
  readonly frames: string[] = []
  readonly closed: Promise<Closed>
  readonly #ws: WebSocket
  #unread: WireMessage[] = []
  #waiters: Waiter[] = []

  static async open(url: string, options: ClientOptions & { protocols?: string[] } = {}): Promise<RawClient> {
    const { protocols, ...rest } = options
    const ws = new WebSocket(url, protocols, rest)
    const client = new RawClient(ws)
    await new Promise<void>((resolve, reject) => {
      ws.once('open', resolve)
      ws.once('error', reject)
    })
    return client
  }

  private constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('error', () => undefined)
    ws.on('message', (data: Buffer) => this.#onMessage(data.toString()))
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

  /** Sends commands in one frame, one a line. A string goes as it is. */
  send(...commands: readonly unknown[]): void {
    this.#ws.send(
      commands.map((command) => (typeof command === 'string' ? command : JSON.stringify(command))).join('\n'),
    )
  }

  sendBytes(bytes: Uint8Array): void {
    this.#ws.send(bytes, { binary: true })
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
  ask(command: WireCommand): Promise<WireMessage> {
    this.send(command)
    return this.reply(command.id)
  }

  /** The next ping; other messages stay unread. */
  async ping(): Promise<void> {
    await this.#take((message) => Object.keys(message).length === 0)
  }

  /** The next push; replies stay unread. */
  push(): Promise<NonNullable<WireMessage['push']>> {
    return this.#take(({ push }) => push !== undefined).then(({ push }) => push ?? {})
  }

  /** Connects with a token and resolves with the result. */
  async connect(token = '', fields: object = {}): Promise<NonNullable<WireMessage['connect']>> {
    const { connect, error } = await this.ask({ id: 1, connect: { token, ...fields } })
    if (connect === undefined) throw new Error(`refused with ${error?.code} ${error?.message}`)
    return connect
  }

  close(code?: number): void {
    this.#ws.close(code)
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

  #onMessage(text: string): void {
    this.frames.push(text)
    // The hub never joins several messages in one frame: a client may rely on it.
    const message = JSON.parse(text) as WireMessage
    const waiter = this.#waiters.find(({ fits }) => fits(message))
    if (waiter === undefined) {
      this.#unread.push(message)
      return
    }
    this.#waiters = this.#waiters.filter((other) => other !== waiter)
    waiter.resolve(message)
  }
}
