import { request } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, ClientError } from 'oyez/client'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { waitFor } from '../fixture/free-port.ts'
import { OyezNode, type OyezNodeOptions } from '../fixture/oyez-node.ts'

const directory = mkdtempSync(join(tmpdir(), 'oyez-serve-'))
afterAll(() => rmSync(directory, { recursive: true }))

let server: OyezNode | undefined
const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect()
  await server?.kill()
  server = undefined
})

async function started(options: OyezNodeOptions): Promise<OyezNode> {
  server = await OyezNode.start(options)
  return server
}

async function connected(url: string): Promise<Client> {
  const client = new Client(url)
  clients.push(client)
  client.connect()
  await client.ready(10_000)
  return client
}

/** The status that an upgrade from a web page of this origin is answered with. */
function upgradeStatus(url: string, origin: string, host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { origin, ...(host !== undefined && { headers: { Host: host } }) })
    socket.once('open', () => {
      socket.close()
      resolve(101)
    })
    socket.once('unexpected-response', (sent, response) => {
      sent.destroy()
      resolve(response.statusCode ?? 0)
    })
    socket.once('error', reject)
  })
}

/** The status of an HTTP request with a `Host` header of the caller's choice. */
function statusFor(
  url: string,
  { method, host, body }: { readonly method: string; readonly host: string; readonly body: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const outgoing = request(url, { method, headers }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

describe('in development mode', () => {
  it('the server says loudly that everybody gets in', async () => {
    const { output } = await started({})
    expect(output).toContain('anybody, named by ?user=NAME')
    await waitFor(() => server?.output.includes('DEVELOPMENT MODE') === true)
  })

  it('a client is who it says, and the log tells', async () => {
    const node = await started({ name: 'box' })
    const alice = await connected(`${node.websocketUrl}?user=alice`)
    await waitFor(() => node.output.includes('alice connected to box'))
    alice.disconnect()
    await waitFor(() => node.output.includes('alice left box'))
  })

  it('a name cannot forge a line of the log', async () => {
    const node = await started({ name: 'box' })
    for (const name of ['x\n00:00:00  root connected to box', '\u2028root', '\u001b[2Jroot', 'x'.repeat(101)]) {
      const evil = new Client(`${node.websocketUrl}?user=${encodeURIComponent(name)}`)
      const refused = new Promise((resolve) => evil.on('disconnected', resolve))
      evil.connect()
      expect(await refused).toMatchObject({ code: 107 })
    }
    // Turns the direction of the text that follows.
    await connected(`${node.websocketUrl}?user=${encodeURIComponent('\u202eroot')}`)
    await waitFor(() => node.output.includes('\\u202eroot connected to box'))
    expect(node.output).not.toMatch(/^00:00:00/m)
  })

  it('a page of this machine may connect from any port, a page of another host may not', async () => {
    const node = await started({})
    for (const origin of [
      'http://localhost:5173',
      'http://127.0.0.1:3000',
      'http://[::1]',
      'https://app.localhost',
      node.url,
    ])
      expect(await upgradeStatus(node.websocketUrl, origin), origin).toBe(101)
    for (const origin of [
      'https://elsewhere.example',
      'http://localhost.evil.example',
      'http://127.0.0.1.evil.example',
      'null',
    ])
      expect(await upgradeStatus(node.websocketUrl, origin), origin).toBe(403)
  })

  it('a page whose domain was rebound to this machine can neither publish nor connect nor read, and changes nothing', async () => {
    const node = await started({ args: ['--demo'] })
    const host = `evil.example:${node.port}`
    const body = JSON.stringify({ channel: 'room', data: 1, node: 'w1' })
    for (const [method, path] of [
      ['POST', '/api/publish'],
      ['POST', '/api/info'],
      ['POST', '/demo/kill'],
      ['GET', '/demo/nodes'],
      ['GET', '/'],
    ] as const) {
      expect(await statusFor(node.url + path, { method, host, body: method === 'POST' ? body : '' }), path).toBe(421)
    }
    expect(await upgradeStatus(node.websocketUrl, `http://${host}`, host)).toBe(403)
    expect(await upgradeStatus(node.websocketUrl, 'http://localhost:5173', host)).toBe(403)
    expect(await node.api('history', { channel: 'room', limit: -1 })).toMatchObject({ result: { publications: [] } })
  })

  it('a host that --origins names may be used in place of localhost', async () => {
    const node = await started({ args: ['--origins', 'https://dev.example'] })
    expect(await statusFor(`${node.url}/`, { method: 'GET', host: 'dev.example', body: '' })).toBe(200)
    expect(await statusFor(`${node.url}/`, { method: 'GET', host: 'evil.example', body: '' })).toBe(421)
    // A health check of a load balancer may use any name.
    expect(await statusFor(`${node.url}/ready`, { method: 'GET', host: 'oyez', body: '' })).toBe(200)
    expect(await upgradeStatus(node.websocketUrl, 'https://dev.example')).toBe(101)
    expect(await upgradeStatus(node.websocketUrl, 'http://localhost:1')).toBe(403)
  })
})

describe('without development mode', () => {
  it('pages of other origins are refused, those of its own are not', async () => {
    const node = await started({ dev: false })
    expect(await upgradeStatus(node.websocketUrl, 'https://elsewhere.example')).toBe(403)
    expect(await upgradeStatus(node.websocketUrl, node.url)).toBe(101)
  })

  it('the server says at its start that it cannot authenticate clients', async () => {
    const node = await started({ dev: false })
    await waitFor(() => node.output.includes('no way to authenticate clients'))
  })

  it('a refused page leaves one line in the log that says what to add, however often it comes', async () => {
    const node = await started({ dev: false })
    for (let n = 0; n < 5; n++) expect(await upgradeStatus(node.websocketUrl, 'https://chat.example')).toBe(403)
    await waitFor(() => node.output.includes('--origins https://chat.example'))
    expect(node.output.split('https://chat.example was refused')).toHaveLength(2)
  })

  it('invented origins fill no log', async () => {
    const node = await started({ dev: false })
    for (let n = 0; n < 40; n++) await upgradeStatus(node.websocketUrl, `https://invented-${n}.example`)
    await waitFor(() => node.output.includes('https://invented-9.example'))
    expect(node.output.split('was refused').length - 1).toBeLessThanOrEqual(20)
  })

  it('a page whose host a proxy names with the default port is a page of the same host', async () => {
    const node = await started({ dev: false })
    expect(await upgradeStatus(node.websocketUrl, 'https://chat.example.com', 'chat.example.com:443')).toBe(101)
    expect(await upgradeStatus(node.websocketUrl, 'https://chat.example.com', 'chat.example.com:8443')).toBe(403)
  })

  it('a configured origin is let in', async () => {
    const node = await started({ dev: false, args: ['--origins', 'https://friend.example'] })
    expect(await upgradeStatus(node.websocketUrl, 'https://friend.example')).toBe(101)
    expect(await upgradeStatus(node.websocketUrl, 'https://friend.example.evil.example')).toBe(403)
  })

  it('everybody is anonymous whatever the URL says, and the rules of the channel decide', async () => {
    const file = join(directory, 'rules.yaml')
    writeFileSync(
      file,
      `
channels:
  namespaces:
    open: { publish: anyone }
    closed: { subscribe: authenticated }
`,
    )
    const node = await started({ dev: false, args: ['--config', file] })
    const client = await connected(`${node.websocketUrl}?user=alice`)
    expect(await client.publish('open:1', 1)).toMatchObject({ offset: 1 })
    const info = (await client.history('open:1')).publications[0]?.info
    expect(info?.user).toBe('')
    await expect(client.publish('room:1', 1)).rejects.toMatchObject({ status: 103 })
    const closed = client.subscription('closed:1')
    const refused = new Promise((resolve) => closed.on('unsubscribed', resolve))
    closed.subscribe()
    expect(await refused).toMatchObject({ code: 103 })
    await expect(client.history('closed:1')).rejects.toBeInstanceOf(ClientError)
  })

  it('the API is off without a key and on with one', async () => {
    const node = await started({ dev: false })
    expect(await node.api('publish', { channel: 'a', data: 1 })).toMatchObject({ error: { code: 404 } })
    await node.kill()
    const keyed = await started({ dev: false, env: { OYEZ_API_KEY: 'canary-key' } })
    expect(await keyed.api('publish', { channel: 'a', data: 1 })).toMatchObject({ error: { code: 101 } })
    const response = await fetch(`${keyed.url}/api/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': 'canary-key' },
      body: '{"channel":"a","data":1}',
    })
    expect(await response.json()).toMatchObject({ result: { offset: 1 } })
    expect(keyed.output).not.toContain('canary-key')
  })
})

describe('a memory limit of one client', () => {
  it('a frame over the limit closes that connection with 1009 and harms nobody', async () => {
    const node = await started({})
    const witness = await connected(node.websocketUrl)
    const socket = new WebSocket(node.websocketUrl)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.once('open', () => socket.send('x'.repeat(200_000)))
    expect(await closed).toBe(1009)
    expect(await witness.publish('room:1', 1)).toMatchObject({ offset: 1 })
  })
})

it('SIGTERM ends a single process with code 0, after a goodbye', async () => {
  const node = await started({ args: ['--drain', '50ms'] })
  const client = await connected(node.websocketUrl)
  const goodbye = new Promise((resolve) => client.on('connecting', resolve))
  expect(await node.stop()).toBe(0)
  expect(await goodbye).toMatchObject({ code: 3001 })
})

it('with --log json every line is one JSON object', async () => {
  const node = await started({ name: 'box', workers: 2, args: ['--log', 'json'] })
  await connected(`${node.websocketUrl}?user=alice`)
  await waitFor(() => node.output.includes('alice connected'))
  expect(await node.stop()).toBe(0)
  const lines = node.output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; node: string })
  expect(lines[0]).toMatchObject({ msg: 'ready', node: 'box', nodes: 'box-w1,box-w2' })
  expect(lines.find(({ msg }) => msg.startsWith('alice connected'))?.node).toMatch(/^box-w[12]$/)
})

it('a health check without a Host header, as HTTP/1.0 allows, is answered', async () => {
  const node = await started({})
  expect(await rawRequest(node.port, 'GET /ready HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
})

it('a client that leaves in the middle of its request leaves no trace in the log', async () => {
  const node = await started({})
  const socket = connect(node.port, '127.0.0.1')
  socket.end(
    'POST /api/publish HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"cha',
  )
  await new Promise((resolve) => socket.once('close', resolve).resume())
  expect((await fetch(`${node.url}/health`)).status).toBe(200)
  expect(node.output).not.toContain('failed')
})

/** Sends bytes and returns what is answered before the node closes. */
function rawRequest(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
  })
}
