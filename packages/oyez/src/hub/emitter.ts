/** Typed events; listeners run synchronously, in the order they were added. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()

  /** @returns A function that removes the listener again; calling it twice does no harm. */
  on<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): () => void {
    let listeners = this.#listeners.get(type)
    if (listeners === undefined) this.#listeners.set(type, (listeners = new Set()))
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** An exception in a listener is the listener's own affair: it is swallowed here, so that it harms no client. */
  emit<Type extends keyof Events>(type: Type, event: Events[Type]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      try {
        ;(listener as (event: Events[Type]) => void)(event)
      } catch {
        // See above.
      }
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}
