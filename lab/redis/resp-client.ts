import { connect, type Socket } from 'node:net'

/** What Redis answers. Bulk strings are bytes: records are binary. */
export type Reply = Buffer | string | number | null | RespError | readonly Reply[]

/** An error reply. */
export class RespError extends Error {
  override readonly name = 'RespError'
}

interface Parsed {
  readonly value: Reply
  readonly end: number
}

/** A small RESP2 client of the lab's own, so that what the product's driver hides or gets wrong is seen here. One connection, no reconnect. */
export class RespClient {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  readonly #waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error('the connection to Redis is gone'))
    })
  }

  static open(port: number, timeoutMs = 3_000): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const timer = setTimeout(() => socket.destroy(new Error(`no Redis answers on port ${port}`)), timeoutMs)
      socket.once('error', reject)
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.off('error', reject)
        resolve(new RespClient(socket))
      })
    })
  }

  /** Opens, asks, closes. */
  static async once(port: number, ...command: readonly (string | number)[]): Promise<Reply> {
    const client = await RespClient.open(port)
    try {
      return await client.call(...command)
    } finally {
      client.close()
    }
  }

  /** @throws {RespError} for an error reply. */
  async call(...command: readonly (string | number)[]): Promise<Reply> {
    const reply = await this.ask(command)
    if (reply instanceof RespError) throw reply
    return reply
  }

  /** Like `call`, with error replies as values and a limit in time. */
  ask(command: readonly (string | number)[], timeoutMs = 10_000): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#socket.destroy()
        reject(new Error(`Redis did not answer ${String(command[0])} within ${timeoutMs} ms`))
      }, timeoutMs)
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer)
          settle(value)
        }
      this.#waiting.push({ resolve: settled(resolve), reject: settled(reject) })
      const parts = command.map((part) => `$${Buffer.byteLength(String(part))}\r\n${part}\r\n`)
      this.#socket.write(`*${command.length}\r\n${parts.join('')}`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    let at = 0
    for (let parsed = parse(this.#received, at); parsed !== undefined; parsed = parse(this.#received, at)) {
      at = parsed.end
      this.#waiting.shift()?.resolve(parsed.value)
    }
    this.#received = this.#received.subarray(at)
  }
}

/** The value that begins at a place, or `undefined` when it is not all there yet. */
function parse(bytes: Buffer, at: number): Parsed | undefined {
  const lineEnd = bytes.indexOf('\r\n', at)
  if (lineEnd < 0) return undefined
  const kind = String.fromCharCode(bytes[at] ?? 0)
  const text = bytes.toString('utf8', at + 1, lineEnd)
  const end = lineEnd + 2
  if (kind === '+') return { value: text, end }
  if (kind === '-') return { value: new RespError(text), end }
  if (kind === ':') return { value: Number(text), end }
  const count = Number(text)
  if (count < 0) return { value: null, end }
  if (kind === '$') {
    if (bytes.length < end + count + 2) return undefined
    return { value: Buffer.from(bytes.subarray(end, end + count)), end: end + count + 2 }
  }
  if (kind !== '*') throw new Error(`this is no RESP: ${JSON.stringify(text.slice(0, 40))}`)
  const values: Reply[] = []
  let next = end
  for (let i = 0; i < count; i++) {
    const item = parse(bytes, next)
    if (item === undefined) return undefined
    values.push(item.value)
    next = item.end
  }
  return { value: values, end: next }
}

/** A reply as text. */
export function textOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString() : String(reply ?? '')
}

/** A reply as a list; a single value is an empty one. */
export function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? (reply as readonly Reply[]) : []
}
