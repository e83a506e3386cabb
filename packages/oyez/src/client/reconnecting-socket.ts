import { isTerminalClose } from '../protocol/close-code.ts'
import { Backoff } from './backoff.ts'
import { MAX_TIMER_MS, type ResolvedClientOptions, type WebSocketLike } from './options.ts'

/** What a socket tells the client. */
export interface SocketHandler {
  /** Awaited before each attempt to connect. A rejection counts as a failed attempt, and so does one that takes longer than six times `timeoutMs`. */
  prepare(): Promise<void> | undefined
  opened(): void
  frame(data: unknown): void
  /** The connection is gone, or did not come about; the next attempt is on its way. */
  lost(code: number, reason: string): void
  /** The server closed for good; there are no more attempts. */
  ended(code: number, reason: string): void
}

// What a browser has, declared here so that the types of the package do not depend on the DOM's.
interface Surroundings {
  readonly document?: { readonly hidden: boolean }
  addEventListener?(type: string, listener: (event: { readonly type: string }) => void): void
  removeEventListener?(type: string, listener: (event: { readonly type: string }) => void): void
}

/** `ws` can end a connection without a closing handshake. */
type EndableSocket = WebSocketLike & { terminate?(): void }

const surroundings = globalThis as Surroundings
const WAKES = ['online', 'pageshow', 'visibilitychange']

/**
 * One WebSocket after another, to any of the URLs in turn: the first is chosen at random. In browsers an attempt is made at once when the
 * network or the page comes back.
 */
export class ReconnectingSocket {
  readonly #options: ResolvedClientOptions
  readonly #handler: SocketHandler
  readonly #backoff: Backoff
  #state: 'idle' | 'waiting' | 'opening' | 'open' = 'idle'
  #socket: EndableSocket | undefined
  /** Counts the attempts, so that what belongs to an older one is recognised. */
  #generation = 0
  /** The delay while waiting, the limit while opening, the watchdog while open. */
  #timer: ReturnType<typeof setTimeout> | undefined
  #url: number
  #heardAt = 0
  #heardAtWall = 0

  constructor(options: ResolvedClientOptions, handler: SocketHandler) {
    this.#options = options
    this.#handler = handler
    this.#backoff = new Backoff(options.backoff)
    this.#url = Math.floor(Math.random() * options.urls.length)
  }

  start(): void {
    if (this.#state !== 'idle') return
    for (const type of WAKES) surroundings.addEventListener?.(type, this.#wake)
    void this.#attempt()
  }

  stop(): void {
    const socket = this.#leave('idle')
    for (const type of WAKES) surroundings.removeEventListener?.(type, this.#wake)
    socket?.close(1000, '')
  }

  /** Gives up the present connection and tries the next one after a delay. */
  restart(code: number, reason: string): void {
    if (this.#state === 'idle') return
    const socket = this.#leave('waiting')
    // Without an answer to come, `ws` would keep the dead connection for its closing handshake.
    if (socket?.terminate) socket.terminate()
    else socket?.close()
    this.#timer = setTimeout(() => void this.#attempt(), this.#backoff.next())
    this.#handler.lost(code, reason)
  }

  /** Says that the server let us in, and how long it may be silent from now on: 0 is for ever. */
  good(silenceMs: number): void {
    this.#backoff.good()
    if (silenceMs) this.#watch(silenceMs, silenceMs)
  }

  /** Sends a frame; does nothing while there is no open connection. */
  send(frame: string): void {
    if (this.#state === 'open') this.#socket?.send(frame)
  }

  readonly #wake = ({ type }: { readonly type: string }): void => {
    if (this.#state === 'waiting' && !(type === 'visibilitychange' && surroundings.document?.hidden))
      void this.#attempt()
  }

  /** Enters a state without a connection and returns the one that was. */
  #leave(state: 'idle' | 'waiting' | 'opening'): EndableSocket | undefined {
    const socket = this.#socket
    this.#state = state
    this.#socket = undefined
    this.#generation++
    clearTimeout(this.#timer)
    return socket
  }

  async #attempt(): Promise<void> {
    this.#leave('opening')
    const generation = this.#generation
    const current =
      <Event>(listener: (event: Event) => void) =>
      (event: Event): void => {
        if (generation === this.#generation) listener(event)
      }
    const { urls, timeoutMs, WebSocket } = this.#options
    const limit = (ms: number): void => {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.restart(1, 'timeout'), ms)
    }
    try {
      // Foreign code may never settle; it may also ask a person, and gets more time than a server.
      limit(6 * timeoutMs)
      await this.#handler.prepare()
      if (generation !== this.#generation) return
      limit(timeoutMs)
      const socket = new WebSocket(urls[this.#url++ % urls.length] as string)
      this.#socket = socket
      socket.onopen = current(() => {
        clearTimeout(this.#timer)
        this.#state = 'open'
        this.#handler.opened()
      })
      socket.onmessage = current((event: { readonly data: unknown }) => {
        this.#heardAt = performance.now()
        this.#heardAtWall = Date.now()
        this.#handler.frame(event.data)
      })
      socket.onclose = current(({ code, reason }: { readonly code: number; readonly reason: string }) => {
        if (!isTerminalClose(code)) return this.restart(code, reason)
        this.stop()
        this.#handler.ended(code, reason)
      })
      // A close follows every error. `ws` needs the listener, or the error would end the process.
      socket.onerror = () => {}
    } catch (error) {
      current(() => this.restart(1, String(error)))(0)
    }
  }

  #watch(silenceMs: number, waitMs: number): void {
    this.#timer = setTimeout(
      () => {
        // The monotonic clock may stand still while the machine sleeps, and the wall clock may be set back: the larger one counts.
        const silence = Math.max(performance.now() - this.#heardAt, Date.now() - this.#heardAtWall)
        const left = silenceMs - silence
        if (left > 0) this.#watch(silenceMs, left)
        else this.restart(2, 'no ping')
      },
      Math.min(waitMs, MAX_TIMER_MS),
    )
  }
}
