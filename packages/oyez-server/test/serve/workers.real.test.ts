import { Client } from 'oyez/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, waitFor } from '../fixture/free-port.ts'
import { OyezNode } from '../fixture/oyez-node.ts'

interface DemoNode {
  readonly name: string
  readonly pid: number
  readonly connections: number
}

describe('two workers behind one port', () => {
  let server: OyezNode
  const clients: Client[] = []

  beforeAll(async () => {
    server = await OyezNode.start({ workers: 2, name: 'box', args: ['--demo'] })
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await server.kill()
  })

  async function nodes(): Promise<DemoNode[]> {
    const response = await fetch(`${server.url}/demo/nodes`)
    return ((await response.json()) as { nodes: DemoNode[] }).nodes
  }

  async function kill(node: string): Promise<Response> {
    return fetch(`${server.url}/demo/kill`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ node }),
    })
  }

  /** Connects as a user until it is at the wanted worker. */
  async function clientAt(node: string, user: string): Promise<Client> {
    for (;;) {
      const client = new Client(`${server.websocketUrl}?user=${user}`)
      const landed = new Promise<string>((resolve) => client.on('connected', (event) => resolve(event.node)))
      client.connect()
      if ((await landed) === node) {
        clients.push(client)
        return client
      }
      client.disconnect()
    }
  }

  it('are told apart by name', async () => {
    expect((await nodes()).map(({ name }) => name)).toEqual(['box-w1', 'box-w2'])
  })

  it('carry a message from a user of one to a user of the other', async () => {
    const alice = await clientAt('box-w1', 'alice')
    const bob = await clientAt('box-w2', 'bob')
    const heard = new Promise((resolve) => bob.on('message', resolve))
    await alice.publish('#bob', { text: 'hear ye' })
    expect(await heard).toMatchObject({ channel: '#bob', data: { text: 'hear ye' }, info: { user: 'alice' } })
  })

  it('say how many clients they have', async () => {
    await clientAt('box-w1', 'carol')
    await waitFor(async () => {
      const counts = (await nodes()).map(({ connections }) => connections)
      return counts.every((count) => count > 0)
    })
  })

  it('are replaced when they are killed, and their clients miss nothing', async () => {
    const alice = await clientAt('box-w1', 'alice')
    const received: unknown[] = []
    const breaks: unknown[] = []
    const room = alice.subscription('room:kill')
    room.on('publication', ({ data }) => received.push(data))
    room.on('break', (event) => breaks.push(event))
    room.subscribe()
    await waitFor(() => room.state === 'subscribed')
    const before = (await nodes()).find(({ name }) => name === 'box-w1')?.pid

    const speaker = await clientAt('box-w2', 'speaker')
    await speaker.publish('room:kill', 0)
    const answer = await kill('box-w1')
    expect(answer.status).toBe(200)
    for (let next = 1; next < 50; next += 1) await speaker.publish('room:kill', next)

    await waitFor(() => received.length >= 50)
    expect(received).toEqual(Array.from({ length: 50 }, (_, index) => index))
    expect(breaks).toEqual([])
    await waitFor(async () => {
      const now = (await nodes()).find(({ name }) => name === 'box-w1')?.pid
      return now !== undefined && now !== before
    })
    expect(server.output).toMatch(/box-w1 died \(SIGKILL\): another takes its place in \d+ ms {2}pid=\d+/)
    await waitFor(() => server.output.includes('box-w1 is back'))
  })

  it('a name that is no worker kills nobody', async () => {
    const before = await nodes()
    for (const name of ['box', 'box-w3', '', '1']) expect((await kill(name)).status).toBe(404)
    expect((await nodes()).map(({ pid }) => pid)).toEqual(before.map(({ pid }) => pid))
  })

  it('a foreign web page cannot kill, since it cannot send JSON unasked', async () => {
    const response = await fetch(`${server.url}/demo/kill`, { method: 'POST', body: '{"node":"box-w2"}' })
    expect(response.status).toBe(400)
  })
})

it('SIGTERM sends the clients of every worker elsewhere, then the server ends with code 0', async () => {
  const server = await OyezNode.start({ port: await freePort(), workers: 2, args: ['--drain', '100ms'] })
  const clients = Array.from({ length: 6 }, () => new Client(server.websocketUrl))
  // Only the first: a client may find the other worker for a moment and be sent away again.
  const goodbyes = new Map<Client, string>()
  for (const client of clients) {
    client.on('connecting', ({ code, reason }) => {
      if (code !== 0 && !goodbyes.has(client)) goodbyes.set(client, `${code} ${reason}`)
    })
    client.connect()
  }
  await Promise.all(clients.map((client) => client.ready()))
  expect(await server.stop()).toBe(0)
  await waitFor(() => goodbyes.size === clients.length)
  expect(new Set(goodbyes.values())).toEqual(new Set(['3001 shutdown']))
  for (const client of clients) client.disconnect()
})

it('when the primary is killed, no worker stays behind', async () => {
  const server = await OyezNode.start({ workers: 2, args: ['--demo'] })
  const response = await fetch(`${server.url}/demo/nodes`)
  const pids = ((await response.json()) as { nodes: DemoNode[] }).nodes.map(({ pid }) => pid)
  expect(pids).toHaveLength(2)
  await server.kill()
  await waitFor(() => pids.every((pid) => !isAlive(pid)))
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
