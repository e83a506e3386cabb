import { afterEach, expect, test, vi } from 'vitest'
import { next, useScriptedServer } from './client-fixture.ts'

const fixture = useScriptedServer()

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A page, as far as the client looks at it. */
function stubPage(): { readonly page: EventTarget; readonly document: { hidden: boolean }; listeners: number } {
  const page = new EventTarget()
  const document = { hidden: false }
  const stub = { page, document, listeners: 0 }
  vi.stubGlobal('document', document)
  vi.stubGlobal('addEventListener', (type: string, listener: () => void) => {
    stub.listeners += 1
    page.addEventListener(type, listener)
  })
  vi.stubGlobal('removeEventListener', (type: string, listener: () => void) => {
    stub.listeners -= 1
    page.removeEventListener(type, listener)
  })
  return stub
}

test.each(['online', 'pageshow', 'visibilitychange'])(
  'a browser that says %s makes the next attempt at once',
  async (type) => {
    const { page } = stubPage()
    const client = fixture.client({ backoff: { minMs: 3_600_000, maxMs: 3_600_000 } })
    client.connect()
    const first = await fixture.server.welcome()
    await client.ready()
    const lost = next(client, 'connecting')
    first.socket.terminate()
    await lost
    page.dispatchEvent(new Event(type))
    await fixture.server.welcome()
    await client.ready()
  },
)

test('a page that is being hidden is no reason', async () => {
  const { page, document } = stubPage()
  let attempts = 0
  class Refusing {
    onopen = null
    onmessage = null
    onerror = null
    onclose: ((event: object) => void) | null = null
    constructor() {
      attempts += 1
      queueMicrotask(() => this.onclose?.({ code: 1006, reason: '' }))
    }
    send(): void {}
    close(): void {}
  }
  const waiting = fixture.client({ backoff: { minMs: 3_600_000, maxMs: 3_600_000 }, WebSocket: Refusing })
  const lost = new Promise<void>((resolve) => waiting.on('connecting', ({ code }) => code === 1006 && resolve()))
  waiting.connect()
  await lost
  document.hidden = true
  page.dispatchEvent(new Event('visibilitychange'))
  expect(attempts).toBe(1)
  document.hidden = false
  page.dispatchEvent(new Event('visibilitychange'))
  await expect.poll(() => attempts).toBe(2)
})

test('a client that is disconnected listens to nothing', async () => {
  const stub = stubPage()
  const client = fixture.client()
  client.connect()
  await fixture.server.welcome()
  await client.ready()
  expect(stub.listeners).toBe(3)
  client.disconnect()
  expect(stub.listeners).toBe(0)
})
