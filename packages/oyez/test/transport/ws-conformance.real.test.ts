import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { transportChecks, type TransportWorld } from '../../src/testing/index.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { WsListener } from '../../src/transport/ws-listener.ts'
import { WsFarEnd } from './ws-far-end.ts'

const MAX_FRAME_BYTES = 65_536

for (const format of ['json', 'protobuf'] as const) {
  describe(`the ws transport keeps the transport contract, with ${format} frames`, () => {
    const arrivals: ((transport: Transport) => void)[] = []
    let server: Server
    let listener: WsListener

    beforeAll(async () => {
      server = createServer()
      const accept = (transport: Transport): void => arrivals.shift()?.(transport)
      listener = new WsListener({ accepting: true, accept }, { maxFrameBytes: MAX_FRAME_BYTES }).attach(server)
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    })

    afterAll(async () => {
      await listener.close()
      server.close()
    })

    const world: TransportWorld = {
      maxFrameBytes: MAX_FRAME_BYTES,
      connect: async () => {
        const arrival = new Promise<Transport>((resolve) => arrivals.push(resolve))
        const { port } = server.address() as AddressInfo
        const far = new WsFarEnd(`ws://127.0.0.1:${port}/connection/websocket?format=${format}`)
        const [transport] = await Promise.all([arrival, far.open()])
        return { transport, far }
      },
    }

    for (const check of transportChecks) it(check.name, () => check.run(() => world))
  })
}
