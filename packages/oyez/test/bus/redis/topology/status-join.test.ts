import { expect, it } from 'vitest'
import type { BusStatus } from '../../../../src/bus/bus.ts'
import { BusError } from '../../../../src/bus/bus-error.ts'
import { StatusJoin } from '../../../../src/bus/redis/topology/status-join.ts'

function joined(): { join: StatusJoin; said: BusStatus[] } {
  const said: BusStatus[] = []
  return { join: new StatusJoin((status) => said.push(status)), said }
}

it('up is said once, when nothing is missing any more', () => {
  const { join, said } = joined()
  const [a, b] = [{}, {}]
  join.missing(a, new Error('a'))
  join.missing(b, new Error('b'))
  join.announce()
  join.present(a)
  expect(said).toEqual([])
  join.present(b)
  join.present(b)
  expect(said).toEqual([{ state: 'up' }])
})

it('down names what is missing, again whenever that changes, and is over when all is back', () => {
  const { join, said } = joined()
  const [a, b] = [{}, {}]
  join.announce()
  const error = new BusError('unavailable', 'a is gone', { reason: 'no answer' })
  join.missing(a, error)
  join.missing(a, new BusError('unavailable', 'a is gone', { reason: 'no answer' }))
  expect(said).toEqual([{ state: 'up' }, { state: 'down', error }])
  join.missing(b, new BusError('refused', 'b is locked', { reason: 'WRONGPASS' }))
  expect(said.at(-1)).toMatchObject({
    state: 'down',
    error: { message: 'a is gone; b is locked', reason: 'no answer, WRONGPASS' },
  })
  join.present(a)
  expect(said.at(-1)).toMatchObject({ state: 'down', error: { message: 'b is locked', reason: 'WRONGPASS' } })
  join.present(b)
  expect(said.at(-1)).toEqual({ state: 'up' })
  expect(said).toHaveLength(5)
})

it('a gap is told at once, also while something else is missing; one of nothing is none', () => {
  const { join, said } = joined()
  join.gap(['too early'])
  join.announce()
  join.missing({}, new Error('x'))
  join.gap(['room'])
  join.gap([])
  join.gap(undefined)
  expect(said.slice(2)).toEqual([
    { state: 'gap', channels: ['room'] },
    { state: 'gap', channels: undefined },
  ])
})
