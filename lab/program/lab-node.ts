import { createServer } from 'node:http'
import { type AcceptRequest, Hub, type Transport, WsListener } from 'oyez'
import { RedisBus } from 'oyez/bus/redis'
import { MutantBus } from './mutant-bus.ts'
import { mutants } from './mutants.ts'
import { repeating } from './repeating-transport.ts'

/** What the runner says. */
interface LabNodeSetup {
  readonly name: string
  readonly port: number
  readonly bus: string
  readonly mutant: string
  readonly historySize: number
}

/** A hub that treats its clients' transports before they are accepted. */
class LabHub extends Hub {
  readonly #treat: (transport: Transport) => Transport

  constructor(options: ConstructorParameters<typeof Hub>[0], treat: (transport: Transport) => Transport) {
    super(options)
    this.#treat = treat
  }

  override accept(transport: Transport, request: AcceptRequest): void {
    super.accept(this.#treat(transport), request)
  }
}

const setup = JSON.parse(process.argv[2] ?? '{}') as LabNodeSetup
const mutant = mutants[setup.mutant]
if (mutant === undefined) throw new Error(`there is no mutant ${setup.mutant}: ${Object.keys(mutants).join(', ')}`)

const hub = new LabHub(
  {
    bus: new MutantBus(new RedisBus({ url: setup.bus }), mutant),
    nodeName: setup.name,
    channels: { defaults: { historySize: setup.historySize, historyTtlMs: 7_200_000 } },
    ...(mutant.auditIntervalMs !== undefined && { times: { auditIntervalMs: mutant.auditIntervalMs } }),
    authenticate: ({ url }) => ({ userId: new URL(url, 'http://node').searchParams.get('user') ?? '' }),
    authorizeSubscribe: () => true,
    authorizePublish: () => true,
  },
  mutant.repeatsOnReconnect === true ? repeating : (transport) => transport,
)
await hub.start()

const server = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  if (request.url === '/ready') response.writeHead(hub.ready ? 200 : 503).end('{}')
  else if (request.url === '/api/info') response.end(JSON.stringify({ result: snakeCased(hub.stats()) }))
  else response.writeHead(404).end('{}')
})
new WsListener(hub).attach(server)
server.listen(setup.port, '127.0.0.1')

function snakeCased(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]: [string, unknown]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      field,
    ]),
  )
}
