/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-unsafe-argument, typescript/no-unsafe-return, typescript/no-misused-promises, typescript/await-thenable -- plain JavaScript, run by node as it is */
// A cluster worker under the command of a test: holds buses by name, remembers what they said, and does with them what it is told.
import { createServer } from 'node:http'
import { Hub, WsListener } from 'oyez'
import { WorkerBus } from 'oyez/bus/worker'
import { busChecks } from 'oyez/testing'

const nodes = new Map()
const foreign = []
let hub
const retention = { size: 100_000, ttlMs: 600_000, metaTtlMs: 1_200_000 }

const commands = {
  async start(name, options) {
    const node = { bus: new WorkerBus(options), heard: [], statuses: [] }
    nodes.set(name, node)
    await node.bus.start({
      onPublication: (channel, bytes, position) =>
        node.heard.push({ channel, text: Buffer.from(bytes).toString().slice(0, 40), offset: position?.offset }),
      onStatus: ({ state, channels }) => node.statuses.push({ state, channels }),
    })
  },
  subscribe: (name, channels) => nodes.get(name).bus.subscribe(channels),
  append: (name, channel, text) => nodes.get(name).bus.append({ channel, record: Buffer.from(text), retention }),
  async flood(name, { channel, count, bytes, prefix = '' }) {
    const { bus } = nodes.get(name)
    for (let sent = 0; sent < count; ) {
      const calls = []
      for (let n = 0; n < 200 && sent < count; n++, sent++) {
        calls.push(bus.append({ channel, record: Buffer.from(`${prefix}${sent + 1} `.padEnd(bytes, '.')), retention }))
      }
      await Promise.all(calls)
    }
  },
  async offsets(name, channel, after) {
    const result = await nodes.get(name).bus.read({ channel, after, limit: 1_000_000, retention })
    if (result.verdict === 'break') return result
    return { verdict: 'continue', head: result.head, offsets: result.records.map(({ offset }) => offset) }
  },
  /** Starts a hub behind a WebSocket server of its own. @returns its URL */
  async hub(channels) {
    hub = new Hub({ bus: new WorkerBus(), channels })
    await hub.start()
    // A number of this worker's own: the cluster would share a port that is asked for as 0.
    const server = createServer()
    new WsListener(hub).attach(server)
    await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, resolve))
    return `ws://127.0.0.1:${server.address().port}/connection/websocket`
  },
  publish: async (channel, data) => (await hub.publish(channel, data)).epoch,
  said: (name) => ({ heard: nodes.get(name).heard, statuses: nodes.get(name).statuses }),
  stats: (name) => nodes.get(name).bus.stats(),
  close: (name) => nodes.get(name).bus.close(),
  foreign: () => foreign,
  speak(message) {
    process.send(message)
  },
  async conformance(checkName) {
    const check = busChecks.find(({ name }) => name === checkName)
    if (check === undefined) throw new Error('the built library has no such check; build it first')
    await check.run(() => ({ connect: () => new WorkerBus() }))
  },
}

process.on('message', async (message) => {
  if (message?.verb === undefined) {
    foreign.push(message)
    return
  }
  const { id, verb, args } = message
  try {
    process.send({ answerTo: id, value: await commands[verb](...args) })
  } catch (error) {
    process.send({ answerTo: id, error: { name: error.name, code: error.code, message: error.message } })
  }
})

process.send('ready')
