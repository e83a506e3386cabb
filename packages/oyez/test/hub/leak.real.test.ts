import { once } from 'node:events'
import { expect, test } from 'vitest'
import { type Listening, useListeners } from '../transport/listener-fixture.ts'
import { RawClient } from '../wire/raw-client.ts'
import { eventually, turn } from './hub-fixture.ts'

const listeners = useListeners()
const ROUNDS = 20
const CLIENTS = 50

/** Everything that must be what it was. */
function baseline({ hub, server }: Listening): object {
  const resources = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) resources.set(name, (resources.get(name) ?? 0) + 1)
  const { connections, users, subscriptions, channels, busChannels, sequencers, lagging, queuedBytes, ringBytes } =
    hub.stats()
  return {
    stats: { connections, users, subscriptions, channels, busChannels, sequencers, lagging, queuedBytes, ringBytes },
    views: [...hub.connections()].length,
    sockets: resources.get('TCPSocketWrap') ?? 0,
    timeouts: resources.get('Timeout') ?? 0,
    immediates: resources.get('Immediate') ?? 0,
    upgradeListeners: server.listenerCount('upgrade'),
    processListeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

/** One client's life: what it does, and how it ends. */
async function live({ url, hub }: Listening, index: number): Promise<void> {
  const client = await RawClient.open(url)
  if (index % 10 === 9) {
    // Never says who it is.
    client.terminate()
    return void (await client.closed)
  }
  const user = `user${index % 20}`
  // Gone in the middle of its connect.
  if (index % 10 === 8) {
    client.send({ id: 1, connect: { token: user } })
    client.terminate()
    return void (await client.closed)
  }
  await client.connect(user)
  await client.ask({ id: 2, subscribe: { channel: `room:${index % 7}` } })
  await client.ask({ id: 3, subscribe: { channel: 'all', recover: true, epoch: '', offset: 0 } })
  await client.ask({ id: 4, publish: { channel: 'all', data: index } })
  switch (index % 10) {
    case 0:
      client.close(1_000)
      break
    case 1:
      client.terminate()
      break
    case 2:
      // Gone in the middle of a subscribe, a publish and a call.
      client.send(
        { id: 5, subscribe: { channel: 'more' } },
        { id: 6, publish: { channel: 'all', data: 1 } },
        { id: 7, rpc: { method: 'slow' } },
      )
      client.terminate()
      break
    case 3:
      client.send('not the protocol')
      break
    case 4:
      client.send('x'.repeat(70_000))
      break
    case 5:
      await hub.disconnect({ userId: user })
      break
    case 6:
      await client.ask({ id: 5, unsubscribe: { channel: 'all' } })
      client.close()
      break
    default:
      await hub.sendToUser(user, 'bye')
      client.terminate()
  }
  await client.closed
}

async function quiet(node: Listening): Promise<void> {
  await eventually(() => {
    const { connections, busChannels } = node.hub.stats()
    return connections === 0 && busChannels === 0
  })
  // Sockets and timers of the clients' own side end a little later.
  const deadline = performance.now() + 10_000
  const busy = (): boolean =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'Immediate').length > 0
  while (busy() && performance.now() < deadline) await turn()
}

test('after a thousand clients have come and gone, cleanly and not, everything is back at the warm baseline', async () => {
  const node = await listeners.listen({
    hub: {
      times: { lingerMs: 20, pingIntervalMs: 200, pongTimeoutMs: 100, auditIntervalMs: 50 },
      onRpc: () => new Promise((resolve) => setImmediate(resolve)),
    },
  })
  const round = async (): Promise<void> => {
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => live(node, index)))
    await quiet(node)
  }
  await round()
  const warm = baseline(node)
  for (let n = 0; n < ROUNDS; n++) await round()
  expect(baseline(node)).toEqual(warm)
  expect(warm).toMatchObject({
    stats: { connections: 0, users: 0, subscriptions: 0, channels: 0, busChannels: 0, sequencers: 0, ringBytes: 0 },
    views: 0,
    sockets: 0,
  })
}, 60_000)

test('after close nothing of a hub keeps the process alive', async () => {
  const node = await listeners.listen()
  const client = await RawClient.open(node.url)
  await client.connect('ann')
  const stopped = once(node.server, 'close')
  node.server.close()
  await node.listener.close()
  await node.hub.close()
  await client.closed
  await stopped
  const deadline = performance.now() + 5_000
  const left = (): readonly string[] =>
    process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP') || name === 'Immediate')
  while (left().length > 0 && performance.now() < deadline) await turn()
  expect(left()).toEqual([])
})
