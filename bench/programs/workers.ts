// Two workers of one machine behind one port, as `oyez serve --workers 2` runs them: joined by the worker bus alone, or each with its own
// connections to Redis. `workers.js worker` or `workers.js redis`.
import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { WorkerBroker } from 'oyez/bus/worker'
import { answerOrders, ownSettledUsage, ownUsage } from '../child/answer-orders.ts'
import type { ServerOrders, Usage } from '../child/order.ts'
import type { WorkerAnswer, WorkerQuestion } from './worker.ts'

const WORKERS = 2

const [, , bus = 'worker'] = process.argv
const workers: Worker[] = []

async function listen(redisUrl: string): Promise<{ readonly port: number }> {
  if (bus === 'worker') new WorkerBroker().start()
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
    args: bus === 'worker' ? [] : [redisUrl],
    serialization: 'advanced',
  })
  const ready = Array.from({ length: WORKERS }, () => {
    const worker = cluster.fork()
    workers.push(worker)
    return answerOf(worker, 'port')
  })
  const [first] = await Promise.all(ready)
  return { port: first?.port ?? 0 }
}

/** All processes together: the primary carries the worker bus. */
async function usage(question: 'usage' | 'settledUsage'): Promise<Usage> {
  const own = question === 'usage' ? ownUsage() : ownSettledUsage()
  const answers = await Promise.all(
    workers.map((worker) => {
      const answer = answerOf(worker, 'usage')
      worker.send({ bench: question } satisfies WorkerQuestion)
      return answer
    }),
  )
  return answers.reduce(
    (sum, { usage }) => ({ cpuUs: sum.cpuUs + (usage?.cpuUs ?? 0), rssBytes: sum.rssBytes + (usage?.rssBytes ?? 0) }),
    own,
  )
}

/** The next thing of this kind that a worker says; the bus talks over the same channel. */
function answerOf(worker: Worker, kind: keyof WorkerAnswer): Promise<WorkerAnswer> {
  return new Promise((resolve) => {
    const onMessage = (message: WorkerAnswer | null): void => {
      if (message === null || typeof message !== 'object' || message[kind] === undefined) return
      worker.off('message', onMessage)
      resolve(message)
    }
    worker.on('message', onMessage)
  })
}

process.on('exit', () => {
  for (const worker of workers) worker.process.kill('SIGKILL')
})

answerOrders<ServerOrders>({
  listen,
  usage: () => usage('usage'),
  settledUsage: () => usage('settledUsage'),
})
