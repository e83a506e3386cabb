import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import WebSocket from 'ws'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import { WsListener } from '../../src/transport/ws-listener.ts'

let server: Server
let hub: Hub

beforeEach(async () => {
  hub = new Hub({ bus: new MemoryBus(), authorizePublish: () => true })
  await hub.start()
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  new WsListener(hub).attach(server)
})

afterEach(async () => {
  await hub.close()
  server.close()
})

it('what a client publishes after its own subscribe reaches that subscription, also when both are in one frame', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/connection/websocket`)
  const received: Record<string, unknown>[] = []
  socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString()) as Record<string, unknown>))
  await once(socket, 'open')
  socket.send(
    [
      '{"id":1,"connect":{}}',
      '{"id":2,"subscribe":{"channel":"room:1"}}',
      '{"id":3,"publish":{"channel":"room:1","data":"mine"}}',
    ].join('\n'),
  )
  await expect.poll(() => received.some((message) => message['id'] === 3)).toBe(true)
  const pub = received.findIndex((message) => 'push' in message)
  expect(received[pub]).toMatchObject({ push: { channel: 'room:1', pub: { data: 'mine', offset: 1 } } })
  expect(received.findIndex((message) => message['id'] === 2)).toBeLessThan(pub)
  socket.close()
})
