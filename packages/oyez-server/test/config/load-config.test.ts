import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import { UserError } from '../../src/user-error.ts'

const directory = mkdtempSync(join(tmpdir(), 'oyez-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function file(text: string, ending = 'yaml'): string {
  files += 1
  const path = join(directory, `${files}.${ending}`)
  writeFileSync(path, text)
  return path
}

/** The one line that a configuration is refused with. */
function refusal(...sources: Parameters<typeof loadConfig>): string {
  try {
    loadConfig(...sources)
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    const { message } = error as UserError
    expect(message).not.toContain('\n')
    return message
  }
  throw new Error('the configuration was accepted')
}

describe('without any source', () => {
  it('everything has a default', () => {
    expect(loadConfig({})).toMatchObject({
      port: 8001,
      host: '127.0.0.1',
      name: hostname(),
      bus: 'memory:',
      workers: 1,
      dev: false,
      demo: false,
      origins: undefined,
      apiKey: undefined,
      log: 'human',
      drainMs: 5_000,
    })
  })

  it('several workers get the worker bus', () => {
    expect(loadConfig({ flags: { '--workers': '2' } }).bus).toBe('worker:')
  })

  it('development mode leaves the origins open for the pages of this machine, unless they are listed', () => {
    expect(loadConfig({ flags: { '--dev': true } }).origins).toBeUndefined()
    expect(loadConfig({ flags: { '--dev': true, '--origins': 'https://a.example' } }).origins).toEqual([
      'https://a.example',
    ])
  })
})

describe('the order of sources', () => {
  const path = file('port: 1001\nhost: 127.0.0.2\nname: from-file\n')

  it('a file wins over defaults', () => {
    expect(loadConfig({ file: path })).toMatchObject({ port: 1001, host: '127.0.0.2', name: 'from-file' })
  })

  it('the environment wins over the file', () => {
    expect(loadConfig({ file: path, env: { OYEZ_PORT: '1002' } })).toMatchObject({ port: 1002, host: '127.0.0.2' })
  })

  it('a flag wins over everything', () => {
    const sources = { file: path, env: { OYEZ_PORT: '1002', OYEZ_HOST: '127.0.0.3' }, flags: { '--port': '1003' } }
    expect(loadConfig(sources)).toMatchObject({ port: 1003, host: '127.0.0.3', name: 'from-file' })
  })

  it('the file may be named by the environment', () => {
    expect(loadConfig({ env: { OYEZ_CONFIG: path } }).port).toBe(1001)
  })

  it('an empty variable counts as not set', () => {
    expect(loadConfig({ file: path, env: { OYEZ_PORT: '' } }).port).toBe(1001)
  })
})

describe('a config file', () => {
  it('may be JSON', () => {
    expect(loadConfig({ file: file('{"port": 7, "api": {"key": "k"}}', 'json') })).toMatchObject({
      port: 7,
      apiKey: 'k',
    })
  })

  it('may be empty', () => {
    expect(loadConfig({ file: file('# nothing yet\n') }).port).toBe(8001)
  })

  it('has channel rules with durations', () => {
    const { channels } = loadConfig({
      file: file(`
channels:
  defaults: { history_size: 10, history_ttl: 5m }
  personal: { publish: authenticated }
  namespaces:
    room: { publish: authenticated, history_ttl: 90s }
    typing: { ephemeral: true, subscribe: nobody }
    plain: { logged: false, history_ttl: 250 }
    file: { binary: true }
    pay: { ack: replicas:2 }
    books: { ack: durable }
`),
    })
    expect(channels).toEqual({
      defaults: { historySize: 10, historyTtlMs: 300_000 },
      personal: { publish: 'authenticated' },
      namespaces: {
        room: { publish: 'authenticated', historyTtlMs: 90_000 },
        typing: { logged: false, subscribe: 'nobody' },
        plain: { logged: false, historyTtlMs: 250 },
        file: { binary: true },
        pay: { ack: { replicas: 2 } },
        books: { ack: 'durable' },
      },
    })
  })

  it('has limits and times', () => {
    const config = loadConfig({ file: file('limits: { max_payload_bytes: 1000 }\ntimes: { ping_interval: 10s }\n') })
    expect(config.limits).toEqual({ maxPayloadBytes: 1000 })
    expect(config.times).toEqual({ pingIntervalMs: 10_000 })
  })
})

describe('a mistake is one line that names its source', () => {
  it('an unknown key, with the one that was meant', () => {
    const path = file('prot: 8001\n')
    expect(refusal({ file: path })).toBe(`config file ${path}: prot is not a known setting: did you mean "port"?`)
  })

  it('a level of acknowledgement that there is not', () => {
    for (const ack of ['replicas:0', 'replicas', 'stored']) {
      const path = file(`channels: { defaults: { ack: "${ack}" } }\n`)
      expect(refusal({ file: path })).toBe(
        `config file ${path}: channels.defaults.ack must be accepted, durable or replicas:N, not "${ack}"`,
      )
    }
  })

  it('an unknown key deep inside', () => {
    const path = file('channels:\n  namespaces:\n    room: { histroy_size: 5 }\n')
    expect(refusal({ file: path })).toBe(
      `config file ${path}: channels.namespaces.room.histroy_size is not a known setting: did you mean "history_size"?`,
    )
  })

  it('an unknown key that is near to nothing gets the list', () => {
    expect(refusal({ file: file('api: { zzzzzzzz: 1 }\n') })).toContain('the settings here are key')
  })

  it('a wrong type in a file', () => {
    const path = file('port: high\n')
    expect(refusal({ file: path })).toBe(`config file ${path}: port must be a whole number from 0 to 65535, not "high"`)
  })

  it('a wrong duration', () => {
    expect(refusal({ file: file('drain: soon\n') })).toContain(
      'drain must be a duration such as "300s", "5m", "1h" or a number of milliseconds, not "soon"',
    )
  })

  it('a value where a group belongs', () => {
    expect(refusal({ file: file('channels: 5\n') })).toContain('channels must be a group of settings, not 5')
    expect(refusal({ file: file('- a\n- b\n') })).toContain('must be a group of settings')
  })

  it('a wrong variable', () => {
    expect(refusal({ env: { OYEZ_PORT: '70000' } })).toBe(
      'environment variable OYEZ_PORT must be a whole number from 0 to 65535, not 70000',
    )
  })

  it('an unknown variable, with the one that was meant', () => {
    expect(refusal({ env: { OYEZ_PROT: '1' } })).toBe(
      'environment variable OYEZ_PROT is not a known setting: did you mean OYEZ_PORT?',
    )
  })

  it('the variables of Kubernetes for a service of this name', () => {
    expect(refusal({ env: { OYEZ_PORT: 'tcp://10.0.0.1:80' } })).toContain('enableServiceLinks: false')
    expect(loadConfig({ env: { OYEZ_SERVICE_HOST: '10.0.0.1', OYEZ_PORT_80_TCP: 'tcp://10.0.0.1:80' } }).port).toBe(
      8001,
    )
  })

  it('a wrong flag', () => {
    expect(refusal({ flags: { '--workers': 'many' } })).toBe(
      '--workers must be a whole number from 1 to 256 or "auto", not "many"',
    )
    expect(refusal({ flags: { '--origins': 'https://a.example,b.example/x' } })).toBe(
      '--origins must be "any" or a list of origins such as "https://example.com", not ["https://a.example", "b.example/x"]',
    )
  })

  it('a file that is not there', () => {
    expect(refusal({ file: '/nowhere/oyez.yaml' })).toBe(
      'config file /nowhere/oyez.yaml cannot be read: there is no such file',
    )
  })

  it('a file that is not YAML', () => {
    const path = file('port: [1\n')
    expect(refusal({ file: path })).toMatch(/^config file \S+ is not YAML or JSON: .* line 2, column 1$/)
  })

  it('one process too many for the memory bus', () => {
    expect(refusal({ flags: { '--bus': 'memory:', '--workers': '2' } })).toContain('use --bus worker: or a Redis')
  })

  it('a demo without development mode', () => {
    expect(refusal({ flags: { '--demo': true } })).toContain('--demo lets anybody kill workers')
  })

  it('a rule that contradicts itself', () => {
    expect(refusal({ file: file('channels: { defaults: { logged: true, ephemeral: true } }\n') })).toContain(
      'logged and ephemeral are opposites',
    )
  })

  it('a static directory that is none', () => {
    expect(refusal({ flags: { '--static': '/nowhere' } })).toBe('--static /nowhere is not a directory')
  })
})

describe('secrets', () => {
  it('a key is not shown', () => {
    expect(refusal({ env: { OYEZ_API_KEY: 'secret with spaces' } })).not.toContain('secret')
  })

  it('the password of a bus is not shown', () => {
    expect(refusal({ flags: { '--bus': 'rdis://user:hunter2@host' } })).not.toContain('hunter2')
  })
})

it('no key of a file can reach the prototype of anything', () => {
  const path = file(
    '{"__proto__": {"polluted": 1}, "channels": {"namespaces": {"__proto__": {"polluted": 1}}}}',
    'json',
  )
  expect(() => loadConfig({ file: path })).toThrow(UserError)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

describe('the bus', () => {
  it('may be Redis in every form', () => {
    for (const bus of [
      'redis://127.0.0.1:6379',
      'rediss://user:pw@host/2',
      'redis+sentinel://s1:26379,s2:26379/town',
      'rediss+sentinel://s1/town',
      'redis+cluster://a:1,b:2',
      'redis+cluster+tls://a:1',
      'redis://a:1 redis://b:2',
    ]) {
      expect(loadConfig({ flags: { '--bus': bus } }).bus).toBe(bus)
    }
  })

  it('has the files of TLS in the config file', () => {
    const path = file('bus: rediss://h\nredis: { ca: ca.pem, cert: c.pem, key: k.pem, servername: redis.example }')
    expect(loadConfig({ file: path }).redis).toEqual({
      ca: 'ca.pem',
      cert: 'c.pem',
      key: 'k.pem',
      servername: 'redis.example',
    })
    expect(refusal({ file: file('redis: { cafile: x }') })).toContain('cafile is not a known setting')
  })
})
