import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort, RedisServer } from '../../fixture/redis-server.ts'
import { RedisNode } from './redis-node.ts'

let server: RedisServer
let url: string
const directory = mkdtempSync(join(tmpdir(), 'oyez-tls-'))
const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]

beforeAll(async () => {
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...request, '-keyout', key, '-out', cert, ...subject], { stdio: 'ignore' })
  const port = await freePort()
  url = `rediss://localhost:${port}`
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no']
  server = await RedisServer.start({ args: ['--tls-port', String(port), ...files] })
})
afterAll(async () => {
  await server.cleanup()
  rmSync(directory, { recursive: true, force: true })
})

it('a bus speaks TLS to a server whose authority it was given', async () => {
  const node = await RedisNode.start({ url, tls: { ca: readFileSync(cert) } })
  await node.bus.subscribe(['room'])
  await node.store('room', 'sealed')
  await node.hears('room', 1)
  await node.bus.close()
})

it('a server whose certificate is not trusted is refused in one line', async () => {
  await expect(RedisNode.start({ url })).rejects.toThrow(/^Redis at localhost:\d+ cannot be reached: [^\n]*certificate/)
})

it('a certificate for another host is refused, unless that name is asked for', async () => {
  const tls = { ca: readFileSync(cert) }
  const byAddress = url.replace('localhost', '127.0.0.1')
  await expect(RedisNode.start({ url: byAddress, tls })).rejects.toThrow(
    /^Redis at 127\.0\.0\.1:\d+ cannot be reached: [^\n]*(altnames|does not match)/,
  )
  const node = await RedisNode.start({ url: byAddress, tls: { ...tls, servername: 'localhost' } })
  await node.store('room', 'sealed')
  await node.bus.close()
})

it('another authority is refused', async () => {
  const other = [join(directory, 'other-key.pem'), join(directory, 'other.pem')] as const
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...request, '-keyout', other[0], '-out', other[1], '-subj', '/CN=localhost'], {
    stdio: 'ignore',
  })
  await expect(RedisNode.start({ url, tls: { ca: readFileSync(other[1]) } })).rejects.toThrow(/certificate/)
})

it('verification is given up only where that is spelled out, and no environment variable does it', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  try {
    await expect(RedisNode.start({ url })).rejects.toThrow(/certificate/)
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  }
  const node = await RedisNode.start({ url, tls: { rejectUnauthorized: false } })
  await node.store('room', 'trusting')
  await node.bus.close()
})

it('the option tls is the same as rediss', async () => {
  const node = await RedisNode.start({
    node: new URL(url.replace('rediss:', 'http:')).host,
    tls: { ca: readFileSync(cert) },
  })
  await node.store('room', 'sealed')
  await node.bus.close()
})

it('a plain connection to a port that speaks TLS fails in one line', async () => {
  await expect(RedisNode.start({ url: url.replace('rediss:', 'redis:') })).rejects.toThrow(/^Redis at [^\n]+$/)
})
