import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Affinity, balancerConfig, type BalancerKind } from '../../src/lb/balancer.ts'

const EXAMPLE = ['10.0.0.11:8001', '10.0.0.12:8001', '10.0.0.13:8001']
const DEPLOY = new URL('../../../../deploy/', import.meta.url)
const FILES: [BalancerKind, string][] = [
  ['nginx', 'conf'],
  ['haproxy', 'cfg'],
]

describe('the files in deploy/', () => {
  for (const [kind, ending] of FILES) {
    for (const affinity of ['cookie', 'ip', 'none'] satisfies Affinity[]) {
      const name = `${kind}/oyez-${affinity}.${ending}`
      it(`${name} is what "oyez lb ${kind} --affinity ${affinity}" prints`, () => {
        const printed = balancerConfig(kind, { nodes: EXAMPLE, affinity, listen: '80' })
        expect(printed).toBe(readFileSync(new URL(name, DEPLOY), 'utf8'))
      })
    }
  }
})

describe('an nginx configuration with affinity by cookie', () => {
  it('names nodes given by host name after the choice, because nginx sees only their addresses', () => {
    const text = balancerConfig('nginx', {
      nodes: ['a.example:8001', 'b.example:8001'],
      affinity: 'cookie',
      listen: '80',
    })
    expect(text).toContain('map $oyez_target $oyez_served')
    expect(text).not.toContain('map $upstream_addr')
  })

  it('escapes the dots and brackets of addresses', () => {
    const text = balancerConfig('nginx', { nodes: ['[::1]:8001', '10.0.0.1:8001'], affinity: 'cookie', listen: '80' })
    expect(text).toContain(String.raw`"~(^|[ ,])\[::1\]:8001$" n1;`)
    expect(text).toContain(String.raw`"~(^|[ ,])10\.0\.0\.1:8001$" n2;`)
  })
})
