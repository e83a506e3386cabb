import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FaultProxy } from '../fault-proxy/fault-proxy.ts'
import { Random } from '../random.ts'

describe('the fault proxy', () => {
  let server: Server
  let proxy: FaultProxy
  const accepted: Socket[] = []
  const opened: Socket[] = []

  beforeEach(async () => {
    server = createServer((socket) => {
      accepted.push(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => socket.write(chunk))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    proxy = await FaultProxy.listen((server.address() as AddressInfo).port, new Random(1))
  })

  afterEach(async () => {
    await proxy.close()
    for (const socket of [...accepted.splice(0), ...opened.splice(0)]) socket.destroy()
    server.close()
  })

  async function open(): Promise<{ socket: Socket; chunks: Buffer[]; text: () => string; ended: Promise<unknown> }> {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true })
    opened.push(socket)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    const ended = new Promise((resolve) => {
      socket.once('error', resolve)
      socket.once('close', () => resolve(undefined))
    })
    await once(socket, 'connect')
    return { socket, chunks, text: () => Buffer.concat(chunks).toString(), ended }
  }

  it('passes on what it gets, in order', async () => {
    const { socket, text } = await open()
    const sent = Array.from({ length: 2_000 }, (_, i) => `line ${i}\n`).join('')
    socket.write(sent)
    await expect.poll(text).toBe(sent)
  })

  it('cuts bytes into pieces and delays them, and the order stays', async () => {
    const { socket, text } = await open()
    proxy.set({ delayMs: 5, jitterMs: 20, sliceBytes: 1 })
    for (let i = 0; i < 20; i++) socket.write(`piece ${i};`)
    await expect.poll(text).toBe(Array.from({ length: 20 }, (_, i) => `piece ${i};`).join(''))
  })

  it('lets nothing through a hole, tells nobody, and lets all of it through afterwards', async () => {
    const { socket, text } = await open()
    socket.write('before;')
    await expect.poll(text).toBe('before;')
    proxy.set({ hole: true }, ['down'])
    socket.write('during;')
    const other = await open()
    other.socket.write('also;')
    await expect.poll(() => accepted.length).toBe(2)
    expect(text()).toBe('before;')
    expect(socket.destroyed).toBe(false)
    await proxy.heal()
    await expect.poll(text).toBe('before;during;')
    await expect.poll(other.text).toBe('also;')
  })

  it('resets connections on both sides', async () => {
    const one = await open()
    one.socket.write('x')
    await expect.poll(() => accepted.length).toBe(1)
    const far = new Promise((resolve) => accepted[0]?.once('close', resolve))
    expect(proxy.reset()).toBe(1)
    expect(await one.ended).toMatchObject({ code: 'ECONNRESET' })
    await far
    expect(proxy.connections).toBe(0)
    expect(proxy.cuts).toBe(1)
  })

  it('cuts a connection after some bytes', async () => {
    proxy.cutAfter([10, 10])
    const { socket, text, ended } = await open()
    socket.write('123456789012')
    await ended
    expect(text().length).toBeLessThan(12)
  })

  it('refuses connections while the present ones go on, and takes them again', async () => {
    const { socket, text } = await open()
    await proxy.refuse()
    await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    socket.write('still here')
    await expect.poll(text).toBe('still here')
    await proxy.allow()
    await open()
  })

  it('passes on the orderly end of a connection', async () => {
    const { socket, text, ended } = await open()
    socket.end('last words')
    expect(await ended).toBeUndefined()
    expect(text()).toBe('last words')
    expect(proxy.cuts).toBe(0)
  })
})
