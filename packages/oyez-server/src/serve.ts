import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { announce } from './banner.ts'
import type { ServerConfig } from './config/server-config.ts'
import type { Log } from './log/log.ts'
import { openLog } from './log/open-log.ts'
import { outliveReader } from './log/output-reader.ts'

/** Something that runs until it is told to stop. */
interface Running {
  drain(): Promise<void>
  kill(): void
}

/** Runs a server as configured; resolves when it is ready. SIGTERM and SIGINT drain it, then the process exits with code 0. */
export async function serve(config: ServerConfig): Promise<void> {
  outliveReader()
  const log = await openLog(config.log, config.name)
  // Workers are needed for several processes, for the bus between them, and for a demo in which one of them dies.
  const inWorkers = config.workers > 1 || config.bus === 'worker:' || config.demo
  // Nobody is connected yet. As the first process of a container, a process without these listeners ignores both signals.
  const endEarly = (): void => process.exit(0)
  process.on('SIGTERM', endEarly)
  process.on('SIGINT', endEarly)
  const running = inWorkers ? await serveInWorkers(config, log) : await serveHere(config, log)
  process.off('SIGTERM', endEarly)
  process.off('SIGINT', endEarly)
  endBySignal(running, log)
}

async function serveHere(config: ServerConfig, log: Log): Promise<Running> {
  const { ServerNode } = await import('./node/server-node.ts')
  const node = await ServerNode.start(config, { name: config.name, log })
  announce({ ...config, port: node.port }, [config.name], log)
  return { drain: () => node.drain(), kill: () => {} }
}

async function serveInWorkers(config: ServerConfig, log: Log): Promise<Running> {
  // The workers share a port by its number, also those that come later.
  const shared = { ...config, port: config.port === 0 ? await freePort(config.host) : config.port }
  const broker = config.bus === 'worker:' ? await startBroker() : undefined
  const { Primary } = await import('./cluster/primary.ts')
  const primary = new Primary(shared, log)
  await primary.start()
  announce(shared, primary.names, log)
  return {
    drain: async () => {
      await primary.drain()
      await broker?.close()
    },
    kill: () => primary.kill(),
  }
}

async function startBroker() {
  const { WorkerBroker } = await import('oyez/bus/worker')
  return new WorkerBroker().start()
}

async function freePort(host: string): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port: 0 }, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function endBySignal(running: Running, log: Log): void {
  let ending = false
  const end = (signal: NodeJS.Signals): void => {
    if (ending) {
      log.warn(`${signal} again: ending at once`)
      running.kill()
      process.exit(1)
    }
    ending = true
    log.info(`${signal}: sending clients elsewhere, then ending`)
    running.drain().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('the server did not end cleanly', { error: error instanceof Error ? error.message : String(error) })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}
