// Entry of a worker process: a node that shares its port with the other workers and takes its orders from the primary.
import type { ServerConfig } from '../config/server-config.ts'
import { openLog } from '../log/open-log.ts'
import { outliveReader } from '../log/output-reader.ts'
import { ServerNode } from '../node/server-node.ts'
import { type PrimaryOrder, sealed, unsealed, type WorkerReport } from './order.ts'
import { WorkerDesk } from './worker-desk.ts'

/** Connection counts go to the primary at most this often. */
const COUNT_EVERY_MS = 100

const desk = new WorkerDesk(report)
let node: ServerNode | undefined

outliveReader()
// The terminal sends Ctrl+C to the primary and to us; the primary decides.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => void drain())
process.on('message', (message: unknown) => {
  const order = unsealed<PrimaryOrder>(message)
  if (order !== undefined) void obey(order)
})
report({ type: 'hello' })

async function obey(order: PrimaryOrder): Promise<void> {
  switch (order.type) {
    case 'begin':
      return begin(order.name, order.config)
    case 'drain':
      return drain()
    case 'nodes':
    case 'killed':
      return desk.onAnswer(order)
  }
}

async function begin(name: string, config: ServerConfig): Promise<void> {
  try {
    node = await ServerNode.start(config, {
      name,
      log: await openLog(config.log, name),
      demo: config.demo ? desk : undefined,
    })
  } catch (error) {
    report({ type: 'failed', message: (error as Error).message }, () => process.exit(1))
    return
  }
  if (config.demo) reportConnections(node)
  report({ type: 'ready' })
}

function reportConnections({ hub }: ServerNode): void {
  let timer: NodeJS.Timeout | undefined
  const changed = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      report({ type: 'connections', count: hub.stats().connections })
    }, COUNT_EVERY_MS)
  }
  hub.on('connected', changed)
  hub.on('disconnected', changed)
}

async function drain(): Promise<void> {
  await node?.drain()
  process.exit(0)
}

/** `left` is called when the report has left, or cannot. */
function report(content: WorkerReport, left: () => void = () => {}): void {
  // Without a channel the primary is gone, and cluster ends this process by itself.
  if (process.connected) process.send?.(sealed(content), undefined, {}, left)
}
