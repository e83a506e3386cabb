import { expect, it } from 'vitest'
import { bestOpinion, parseOpinion, redirectOf } from '../../../../src/bus/redis/topology/cluster-map.ts'

const asked = { host: '10.0.0.9', port: 7000 }
const ok = 'cluster_enabled:1\r\ncluster_state:ok\r\ncluster_current_epoch:7\r\n'

it('the map says which master has which partition, and which nodes there are', () => {
  const slots = [
    [0, 8191, ['10.0.0.1', 7001, 'id1', []], ['10.0.0.2', 7002, 'id2', []]],
    [8192, 16_383, ['10.0.0.3', 7003, 'id3', []]],
  ]
  const opinion = parseOpinion(slots, ok, asked)
  expect(opinion).toMatchObject({ epoch: 7, isOk: true })
  expect(opinion?.map.owners[0]).toEqual({ host: '10.0.0.1', port: 7001 })
  expect(opinion?.map.owners[63]).toEqual({ host: '10.0.0.1', port: 7001 })
  expect(opinion?.map.owners[64]).toEqual({ host: '10.0.0.3', port: 7003 })
  expect(opinion?.map.owners[127]).toEqual({ host: '10.0.0.3', port: 7003 })
  expect(opinion?.map.nodes.map(({ port }) => port)).toEqual([7001, 7002, 7003])
})

it('a node that does not know its own address is where it was asked', () => {
  for (const host of [null, '']) {
    const opinion = parseOpinion([[0, 16_383, [host, 7001, 'id1']]], ok, asked)
    expect(opinion?.map.owners[5]).toEqual({ host: '10.0.0.9', port: 7001 })
  }
})

it('slots that nobody has, hosts that nobody knows and garbage leave a hole', () => {
  const opinion = parseOpinion([[0, 100, ['?', 7001, 'x']], 'nonsense', [1], [200, 300, 'x']], ok, asked)
  expect(new Set(opinion?.map.owners)).toEqual(new Set([undefined]))
  expect(parseOpinion(null, ok, asked)).toBeUndefined()
  expect(parseOpinion([[-5, 1e9, ['a', 1, 'x']]], undefined, asked)).toMatchObject({ isOk: false, epoch: 0 })
})

it('of several nodes the one counts that is part of a working Cluster, and of those the one that knows the latest epoch', () => {
  const map = { owners: [], nodes: [] }
  const [cutOff, old, recent] = [
    { map, epoch: 9, isOk: false },
    { map, epoch: 3, isOk: true },
    { map, epoch: 8, isOk: true },
  ]
  expect(bestOpinion([old, cutOff, recent])).toBe(recent)
  expect(bestOpinion([cutOff])).toBe(cutOff)
  expect(bestOpinion([])).toBeUndefined()
})

it('a redirection is understood in all its forms', () => {
  expect(redirectOf('MOVED 3999 127.0.0.1:6381', asked)).toEqual({ host: '127.0.0.1', port: 6381 })
  expect(redirectOf('ASK 3999 redis-1.example:6381', asked)).toEqual({ host: 'redis-1.example', port: 6381 })
  expect(redirectOf('MOVED 3999 :6381', asked)).toEqual({ host: '10.0.0.9', port: 6381 })
  expect(redirectOf('MOVED 3999 [::1]:6381', asked)).toEqual({ host: '::1', port: 6381 })
  expect(redirectOf('MOVED 3999 ::1:6381', asked)).toEqual({ host: '::1', port: 6381 })
  expect(redirectOf('MOVED', asked)).toBeUndefined()
  expect(redirectOf('TRYAGAIN x', asked)).toBeUndefined()
})
