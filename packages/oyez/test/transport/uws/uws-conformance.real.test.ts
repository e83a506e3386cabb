import { afterAll, beforeAll, describe, it } from 'vitest'
import { transportChecks, type TransportWorld } from '../../../src/testing/index.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { UwsListener } from '../../../src/transport/uws/index.ts'
import { WsFarEnd } from '../ws-far-end.ts'
import { describeUws, type ListeningApp, listenUws } from './uws-double.ts'

const MAX_FRAME_BYTES = 65_536

describeUws('the uWebSockets.js transport', (uws) => {
  for (const format of ['json', 'protobuf'] as const) {
    describe(`keeps the transport contract, with ${format} frames`, () => {
      const arrivals: ((transport: Transport) => void)[] = []
      let listening: ListeningApp

      beforeAll(async () => {
        const app = uws.App()
        const accept = (transport: Transport): void => arrivals.shift()?.(transport)
        new UwsListener({ accepting: true, accept }, { maxFrameBytes: MAX_FRAME_BYTES }).attach(app)
        listening = await listenUws(uws, app)
      })

      afterAll(() => listening.close())

      const world: TransportWorld = {
        maxFrameBytes: MAX_FRAME_BYTES,
        connect: async () => {
          const arrival = new Promise<Transport>((resolve) => arrivals.push(resolve))
          const far = new WsFarEnd(`ws://127.0.0.1:${listening.port}/connection/websocket?format=${format}`)
          const [transport] = await Promise.all([arrival, far.open()])
          return { transport, far }
        },
      }

      for (const check of transportChecks) it(check.name, () => check.run(() => world))
    })
  }
})
