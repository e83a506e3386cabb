import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Affinity, balancerConfig } from '../../src/lb/balancer.ts'
import { checkHaproxy } from '../fixture/haproxy.ts'
import { checkNginx } from '../fixture/nginx.ts'

const NODES = ['127.0.0.1:8001', '127.0.0.1:8002', '127.0.0.1:8003']

describe.each(['cookie', 'ip', 'none'] satisfies Affinity[])('with affinity %s', (affinity) => {
  for (const count of [1, 3]) {
    const nodes = NODES.slice(0, count)

    it(`nginx accepts the configuration of ${count} nodes`, () => {
      const verdict = checkNginx(balancerConfig('nginx', { nodes, affinity, listen: '8000' }))
      expect(verdict, verdict.output).toMatchObject({ accepted: true })
    })

    it(`HAProxy accepts the configuration of ${count} nodes without a warning`, () => {
      const verdict = checkHaproxy(balancerConfig('haproxy', { nodes, affinity, listen: '8000' }))
      expect(verdict, verdict.output).toMatchObject({ accepted: true })
      expect(verdict.output).not.toContain('WARNING')
    })
  }

  it('nginx accepts nodes that are given by host name', () => {
    const nodes = ['localhost:8001', 'localhost:8002']
    const verdict = checkNginx(balancerConfig('nginx', { nodes, affinity, listen: '8000' }))
    expect(verdict, verdict.output).toMatchObject({ accepted: true })
  })
})

const nginxVersion = spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr

it.runIf(/nginx\/1\.2[0-8]\./.test(nginxVersion))(
  'the commercial "sticky cookie" line is refused by open-source nginx',
  () => {
    const verdict = checkNginx('upstream oyez { server 127.0.0.1:8001; sticky cookie oyez_node path=/ httponly; }')
    expect(verdict.accepted).toBe(false)
    expect(verdict.output).toContain('unknown directive "sticky"')
  },
)
