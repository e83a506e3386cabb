import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import type { Client } from '../../src/client/index.ts'
import { Hub } from '../../src/hub/hub.ts'
import { WsListener } from '../../src/transport/ws-listener.ts'

const hub = new Hub({ bus: new MemoryBus(), channels: { defaults: { publish: 'anyone' } } })
let server: Server
let door: WsListener
let browser: Browser
let page: Page

declare global {
  interface Window {
    client: Client
    heard: unknown[]
    errors: unknown[]
  }
}

beforeAll(async () => {
  const input = fileURLToPath(new URL('../../src/client/index.ts', import.meta.url))
  const bundle = await rolldown({ input, platform: 'browser' })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  await bundle.close()
  await hub.start()
  // A page that may run its own scripts and nothing else.
  const csp = "default-src 'none'; script-src 'self'; connect-src 'self' ws://127.0.0.1:*"
  server = createServer((request, response) => {
    if (request.url === '/client.js') {
      response.setHeader('content-type', 'text/javascript')
      response.end(output[0].code)
    } else if (request.url === '/app.js') {
      response.setHeader('content-type', 'text/javascript')
      response.end(APP)
    } else {
      response.setHeader('content-type', 'text/html')
      response.setHeader('content-security-policy', csp)
      response.end('<!doctype html><title>client</title><script type="module" src="/app.js"></script>')
    }
  })
  door = new WsListener(hub).attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  page = await browser.newPage()
})

afterAll(async () => {
  await browser?.close()
  await door?.close()
  await hub.close()
  server?.close()
})

const APP = `
import { Client } from '/client.js'
const client = new Client('ws://' + location.host + '/connection/websocket')
const room = client.subscription('room')
Object.assign(window, { client, heard: [], errors: [] })
room.on('publication', ({ data }) => heard.push(data))
room.on('break', (event) => errors.push(event))
client.on('error', ({ error }) => errors.push(error.message))
addEventListener('securitypolicyviolation', (event) => errors.push(event.violatedDirective))
room.subscribe()
client.connect()
`

test('in a browser, under a strict content security policy: hears, publishes, and misses nothing when cut off', async () => {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await page.waitForFunction(() => window.client?.state === 'connected')
  const position = await page.evaluate(() => window.client.publish('room', 1))
  expect(position).toMatchObject({ offset: 1 })
  for (const connection of hub.connections()) {
    await hub.disconnect({ connectionId: connection.id }, { code: 3011, reason: 'force reconnect' })
  }
  await hub.publish('room', 2)
  await page.waitForFunction(() => window.heard.length === 2)
  await hub.publish('room', 3)
  await page.waitForFunction(() => window.heard.length === 3)
  expect(await page.evaluate(() => window.heard)).toEqual([1, 2, 3])
  expect([errors, await page.evaluate(() => window.errors)]).toEqual([[], []])
})
