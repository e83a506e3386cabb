import type { ActorOrder, ActorWord, NumberedOrder } from './actor-messages.ts'

/** Answers the runner's orders; ends with it. */
export function answerRunner(handle: (order: ActorOrder) => Promise<number | string> | number | string): void {
  process.on('message', (order: NumberedOrder) => {
    void Promise.resolve(handle(order)).then((value) => {
      const answer =
        typeof value === 'number'
          ? { answerTo: order.id, value }
          : { answerTo: order.id, value: value === '' ? 0 : 1, detail: value }
      say(answer)
      if (order.order === 'finish') process.exit(0)
    })
  })
  process.on('disconnect', () => process.exit(1))
  // Told by the runner, never by the terminal's Ctrl-C, which reaches the whole group.
  process.on('SIGINT', () => undefined)
}

export function say(word: ActorWord): void {
  if (process.connected) process.send?.(word)
}
