import type { AnswerMessage, OrderMessage, Orders, Usage } from './order.ts'

/** Carries out the orders of the parent process, and leaves when the parent does. */
export function answerOrders<O extends Orders<O>>(handlers: O): void {
  process.on('message', (message) => {
    const { id, name, argument } = message as OrderMessage
    const handler = handlers[name as keyof O] as unknown as ((argument: unknown) => unknown) | undefined
    void (async (): Promise<AnswerMessage> => {
      if (handler === undefined) throw new Error(`no such order: ${name}`)
      return { id, answer: await handler(argument) }
    })()
      .catch((error: unknown): AnswerMessage => ({ id, error: error instanceof Error ? error.message : String(error) }))
      .then((answer) => process.send?.(answer))
  })
  // An ordinary exit, so that `--cpu-prof` writes its file.
  process.on('disconnect', () => process.exit(0))
}

/** What this process has used so far. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() }
}

/** The same after collecting garbage. */
export function ownSettledUsage(): Usage {
  // Twice: the first collection runs finalisers whose memory only the second one takes back.
  globalThis.gc?.()
  globalThis.gc?.()
  return ownUsage()
}
