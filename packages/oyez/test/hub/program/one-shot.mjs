/* oxlint-disable typescript/no-unsafe-assignment, typescript/no-unsafe-call, typescript/no-unsafe-member-access, typescript/no-misused-promises -- plain JavaScript, run by node as it is */
// A program that serves one client and closes: it must end by itself, whatever the client does.
import { createServer } from 'node:http'
import { Hub, MemoryBus, WsListener } from 'oyez'

const hub = new Hub({ bus: new MemoryBus() })
await hub.start()
const server = createServer()
const listener = new WsListener(hub).attach(server)
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`)
})
hub.on('connected', async () => {
  await hub.publish('news', 1)
  server.close()
  await listener.close()
  await Promise.all([hub.close(), hub.close()])
  process.stdout.write('closed\n')
})
