import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { staticFiles } from '../../src/http/static-files.ts'

let base: string
const app = new Hono()

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'oyez-static-'))
  const root = join(base, 'public')
  mkdirSync(join(root, 'sub'), { recursive: true })
  writeFileSync(join(base, 'secret.txt'), 'secret')
  writeFileSync(join(root, 'index.html'), '<h1>square</h1>')
  writeFileSync(join(root, 'app.js'), 'export {}')
  writeFileSync(join(root, 'empty.css'), '')
  writeFileSync(join(root, '.env'), 'secret')
  writeFileSync(join(root, 'sub', 'a b.svg'), '<svg/>')
  symlinkSync(join(base, 'secret.txt'), join(root, 'link.txt'))
  // A directory whose name begins like the root's.
  mkdirSync(join(base, 'public-secret'))
  writeFileSync(join(base, 'public-secret', 'x.txt'), 'secret')
  app.use(staticFiles(root))
  app.notFound((context) => context.text('nothing', 404))
})
afterAll(() => rmSync(base, { recursive: true }))

describe('a file', () => {
  it('is served with its type, a strict policy and its length', async () => {
    const response = await app.request('/app.js')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(response.headers.get('content-length')).toBe('9')
    expect(await response.text()).toBe('export {}')
  })

  it('of a directory is its index.html', async () => {
    expect(await (await app.request('/')).text()).toBe('<h1>square</h1>')
  })

  it('may have a name with spaces', async () => {
    expect((await app.request('/sub/a%20b.svg')).headers.get('content-type')).toBe('image/svg+xml')
  })

  it('may be empty', async () => {
    const response = await app.request('/empty.css')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it('is not sent again when it has not changed', async () => {
    const etag = (await app.request('/app.js')).headers.get('etag') ?? ''
    expect((await app.request('/app.js', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  it('answers HEAD without a body', async () => {
    const response = await app.request('/app.js', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
})

describe('what is not to be served', () => {
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '/sub/..%2f..%2fsecret.txt',
    '/..%2fpublic-secret/x.txt',
    '/link.txt',
    '/.env',
    '/%2eenv',
    '/sub',
    '/sub/',
    '/app.js%00.html',
    '/%zz',
    '/nothing.html',
  ]) {
    it(`${path} is not found`, async () => {
      const response = await app.request(`http://node${path}`)
      expect(response.status).toBe(404)
      expect(await response.text()).toBe('nothing')
    })
  }

  it('other methods are not for files', async () => {
    expect((await app.request('/app.js', { method: 'POST' })).status).toBe(404)
  })
})
