import { expect, it } from 'vitest'
import { readWorkload } from '../../src/plan/workload.ts'

it('what is left out has a default, and the fan-out follows from the rest', () => {
  const workload = readWorkload({ connections: '30000', channels: '100', subscriptions: '2' })
  expect(workload).toMatchObject({ payloadBytes: 200, busyShare: 0.5, fanOut: 600, nodes: undefined })
})

it('a number that makes no sense is an error that names its flag', () => {
  for (const [key, value, flag] of [
    ['connections', '10000001', '--users'],
    ['connections', '0', '--users'],
    ['connections', '1.5', '--users'],
    ['publications', '-1', '--publications'],
    ['publications', 'many', '--publications'],
    ['payloadBytes', '65537', '--payload'],
    ['nodes', '0', '--nodes'],
  ] as const) {
    expect(() => readWorkload({ [key]: value }), `${flag} ${value}`).toThrow(flag)
  }
})

it('nobody subscribes to more channels than there are, and nothing reaches more than everybody', () => {
  expect(() => readWorkload({ channels: '2', subscriptions: '3' })).toThrow('--subscriptions')
  expect(() => readWorkload({ connections: '10', fanOut: '11' })).toThrow('--fan-out')
})
