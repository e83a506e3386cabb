import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOyez } from '../fixture/oyez-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'oyez-cli-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** The one line on standard error of a command that fails with code 1. */
async function lineOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { code, stdout, stderr } = await runOyez(args, env)
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^oyez: [^\n]+\n$/)
  expect(stderr).not.toMatch(/\n\s+at /)
  return stderr.trim()
}

describe('one line and exit code 1 for', () => {
  it('an unknown flag', async () => {
    expect(await lineOf(['serve', '--prot', '1'])).toBe("oyez: unknown option '--prot' (Did you mean --port?)")
  })

  it('an unknown command', async () => {
    expect(await lineOf(['srve'])).toBe("oyez: unknown command 'srve' (Did you mean serve?)")
  })

  it('a flag of the wrong type', async () => {
    expect(await lineOf(['serve', '--port', 'high'])).toBe(
      'oyez: --port must be a whole number from 0 to 65535, not "high"',
    )
  })

  it('a wrong variable', async () => {
    expect(await lineOf(['serve'], { OYEZ_WORKERS: '-1' })).toBe(
      'oyez: environment variable OYEZ_WORKERS must be a whole number from 1 to 256 or "auto", not "-1"',
    )
  })

  it('a config file with an unknown key', async () => {
    const file = join(directory, 'typo.yaml')
    writeFileSync(file, 'channels: { defaults: { histroy_size: 5 } }\n')
    const expected = `oyez: config file ${file}: channels.defaults.histroy_size is not a known setting: did you mean "history_size"?`
    expect(await lineOf(['serve', '--config', file])).toBe(expected)
    expect(await lineOf(['checkconfig', file])).toBe(expected)
  })

  it('an unreachable Redis', async () => {
    const line = await lineOf(['serve', '--port', '0', '--bus', 'redis://:hunter2@127.0.0.1:1', '--wait-for-bus', '0s'])
    expect(line).toContain('127.0.0.1:1')
    expect(line).toContain('--bus')
    expect(line).not.toContain('hunter2')
  })

  it('an unreachable Redis with several workers', async () => {
    const args = ['serve', '--port', '0', '--workers', '2', '--bus', 'redis://127.0.0.1:1', '--wait-for-bus', '0s']
    expect(await lineOf(args)).toContain('127.0.0.1:1')
  })

  it('text that is no JSON', async () => {
    expect(await lineOf(['publish', 'room', 'hello'])).toBe(
      `oyez: "hello" is not JSON; a text needs its own quotes: '"hello"'`,
    )
  })

  it('a node that is not there', async () => {
    expect(await lineOf(['send', 'bob', '1', '--url', 'http://127.0.0.1:9'])).toMatch(
      /cannot reach http:\/\/127\.0\.0\.1:9/,
    )
  })

  it('a load balancer without nodes', async () => {
    expect(await lineOf(['lb', 'nginx'])).toContain('--node')
  })
})

describe('a port in use', () => {
  let server: Server
  let port: number
  beforeAll(async () => {
    server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
  })
  afterAll(() => server.close())

  for (const workers of ['1', '2']) {
    it(`is one line and exit code 1, with ${workers} worker(s)`, async () => {
      expect(await lineOf(['serve', '--port', String(port), '--workers', workers])).toBe(
        `oyez: port ${port} on 127.0.0.1 is in use: stop the program that listens there, or choose another port with --port`,
      )
    })
  }
})

it('--version prints the version', async () => {
  expect(await runOyez(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
})

it('--help has examples', async () => {
  const { code, stdout } = await runOyez(['--help'])
  expect(code).toBe(0)
  expect(stdout).toContain('$ oyez serve --dev --workers 2')
})

it('checkconfig says what a good file amounts to', async () => {
  const file = join(directory, 'good.yaml')
  writeFileSync(
    file,
    'port: 9000\nbus: redis://:hunter2@10.0.0.1\napi: { key: canary }\nchannels: { namespaces: { room: {} } }\n',
  )
  const { code, stdout } = await runOyez(['checkconfig', file])
  expect(code).toBe(0)
  expect(stdout).toBe(
    `${file} is fine: 127.0.0.1:9000, bus redis://***@10.0.0.1, 1 process, API with key, namespaces room\n`,
  )
})
