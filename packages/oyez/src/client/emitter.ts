import { ClientError } from './client-error.ts'

/** Events every emitter has. */
export interface ErrorEvents {
  /** Something went wrong in the background, or a listener threw. The client goes on by itself. */
  error: {
    readonly error: ClientError
    /** Present when it is about one channel, such as a subscribe that the server refused and that is tried again. */
    readonly channel?: string
  }
}

/** Typed events. Listeners run synchronously, in the order they were added. */
export class Emitter<Events extends ErrorEvents> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => unknown>>()

  /** Adds a listener and returns the function that removes it. The same function added twice is called once. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => unknown): () => void {
    let set = this.#listeners.get(type)
    if (!set) this.#listeners.set(type, (set = new Set()))
    set.add(listener)
    return () => void set.delete(listener)
  }

  /** Calls the listeners. One that throws or rejects harms neither the others nor the caller: it becomes an `error` event. */
  protected emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    const failed = (cause: unknown): void => {
      // The failure of a listener of `error` cannot be reported to anybody.
      if (type !== 'error')
        this.emit('error', { error: new ClientError('listener', `a listener of "${type as string}" threw`, { cause }) })
    }
    for (const listener of [...(this.#listeners.get(type) ?? [])] as ((
      event: Events[Type],
    ) => Partial<Promise<unknown>> | undefined)[]) {
      try {
        // The rejection of an `async` listener would end a Node process.
        listener(event)?.catch?.(failed)
      } catch (cause) {
        failed(cause)
      }
    }
  }
}
