/** Typed events; listeners run synchronously, in the order they were added. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => unknown>>()

  /** @returns A function that removes the listener again; calling it twice does no harm. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => unknown): () => void {
    let listeners = this.#listeners.get(type)
    if (listeners === undefined) this.#listeners.set(type, (listeners = new Set()))
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** A listener that throws or rejects is ignored, so that it harms no client and does not end the process. */
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      try {
        const result = (listener as (event: Events[Type]) => unknown)(event)
        if (result instanceof Promise) result.catch(ignore)
      } catch {
        // See above.
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}

function ignore(): void {}
