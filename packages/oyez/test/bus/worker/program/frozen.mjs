/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return, typescript/no-misused-promises, typescript/await-thenable -- plain JavaScript, run by node as it is */
// A primary whose only worker freezes it, looks at what its bus says, thaws it and reports.
import cluster from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { WorkerBroker, WorkerBus } from 'oyez/bus/worker'

if (cluster.isPrimary) {
  new WorkerBroker().start()
  cluster.fork().on('message', (message) => message.states && process.send(message))
} else {
  const states = []
  const heard = []
  const until = async (test) => {
    while (!test()) await sleep(20)
  }
  const bus = new WorkerBus()
  const retention = { size: 10, ttlMs: 60_000, metaTtlMs: 60_000 }
  const append = () => bus.append({ channel: 'c', record: Buffer.from('a'), retention })
  const codeOf = (call) => call.then(() => 'stored', (error) => error.code) // biome-ignore format: one line
  await bus.start({
    onPublication: (_channel, _bytes, position) => heard.push(position.offset),
    onStatus: ({ state }) => states.push(state),
  })
  await bus.subscribe(['c'])
  await append()
  await until(() => heard.length === 1)

  process.kill(process.ppid, 'SIGSTOP')
  const since = performance.now()
  const code = await codeOf(append())
  const afterMs = performance.now() - since
  await until(() => states.includes('down'))
  const later = await codeOf(append())
  process.kill(process.ppid, 'SIGCONT')

  await until(() => states.includes('gap'))
  await append()
  await until(() => heard.length === 3)
  process.send({ append: { code, afterMs }, later: { code: later }, states, heard })
}
