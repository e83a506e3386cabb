/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return, typescript/no-misused-promises, typescript/await-thenable -- plain JavaScript, run by node as it is */
// A cluster primary under the command of a test: forks workers, passes commands on to them and their answers back.
// The commands travel over the same IPC channels as the bus's own messages, as those of an application would.
import cluster from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { WorkerBroker } from 'oyez/bus/worker'

const workers = new Map()
let broker

const commands = {
  serve(options) {
    broker = new WorkerBroker(options).start()
  },
  async endService() {
    await broker.close()
  },
  setup(settings) {
    cluster.setupPrimary(settings)
  },
  async fork(name) {
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.mjs', import.meta.url)) })
    const worker = cluster.fork()
    workers.set(name, worker)
    worker.on('message', (message) => {
      if (message?.answerTo !== undefined) process.send(message)
    })
    // Not `online`: the worker is that before its program listens.
    await new Promise((resolve) => {
      worker.on('message', (message) => message === 'ready' && resolve())
    })
    return worker.process.pid
  },
  stats: () => broker.stats(),
  memory: () => process.memoryUsage().rss,
  say(name, message) {
    workers.get(name).send(message)
  },
}

process.on('message', async ({ id, to, verb, args }) => {
  if (to !== 'primary') {
    workers.get(to).send({ id, verb, args })
    return
  }
  try {
    process.send({ answerTo: id, value: await commands[verb](...args) })
  } catch (error) {
    process.send({ answerTo: id, error: { name: error.name, code: error.code, message: error.message } })
  }
})
process.on('disconnect', () => process.exit(0))
