import { expect, test } from 'vitest'
import { type Bounds, ChannelModel } from '../model/channel-model.ts'
import { type Exploration, explore, type Model, Violation } from '../model/explore.ts'
import type { Variant } from '../model/variant.ts'

const ENOUGH = 400_000

/** Explores a world with the algorithm as it is, which must hold, and broken, which must not; returns how it broke. */
function breaks(variant: Variant, bounds: Bounds): NonNullable<Exploration['violation']> {
  expect(explore(new ChannelModel(bounds), { maxStates: ENOUGH }).violation).toBeUndefined()
  const { violation } = explore(new ChannelModel(bounds, variant), { maxStates: ENOUGH })
  if (violation === undefined) throw new Error(`${variant} was not found out`)
  return violation
}

const WORLD: Bounds = { nodes: 1, clients: 1, messages: [2], hints: 2, faults: {} }

test('an epoch without a fence is found out', () => {
  const { rule, trace } = breaks('no-fence', { ...WORLD, faults: { 'kill the master': 1 } })
  expect(rule).toMatch(/^I[36]/)
  expect(trace.join('\n')).toContain('the master is killed; the replica is promoted with')
  expect(trace.length).toBeLessThanOrEqual(6)
})

test('a term that is counted instead of random is found out', () => {
  const { rule, trace } = breaks('counter-term', { ...WORLD, faults: { 'restart from snapshot': 2 } })
  expect(rule).toMatch(/^I[36]/)
  expect(trace.filter((step) => step === 'the master restarts from its snapshot')).toHaveLength(2)
  expect(trace.length).toBeLessThanOrEqual(8)
})

test('a node that reads before it subscribes is found out', () => {
  // Without audit: it would repair the loss some seconds later.
  const { rule, trace } = breaks('read-before-subscribe', { ...WORLD, hasAudit: false })
  expect(rule).toMatch(/^I6/)
  expect(trace).toEqual([
    'node 0 reads from the master 0',
    'producer A sends message 1 to the master 0; it is answered',
    'node 0 subscribes at the master 0',
  ])
})

test('a log that does not look at sequence numbers is found out', () => {
  const { rule, trace } = breaks('no-sequence', { ...WORLD, faults: { 'lose an answer': 1 } })
  expect(rule).toBe('I8: the log holds a message twice')
  expect(trace).toHaveLength(2)
})

test('a producer that goes on under its old id after a loss is found out', () => {
  const { rule, trace } = breaks('id-used-again', { ...WORLD, nodes: 0, faults: { 'partition the master': 1 } })
  expect(rule).toBe('I9: a message was acknowledged that is not in the log')
  expect(trace.length).toBeLessThanOrEqual(5)
})

test('a producer that sends under a new id what an older history may still hold is found out', () => {
  const faults = { 'restart from snapshot': 1, 'restart empty': 1, 'kill the master': 1 }
  const { rule, trace } = breaks('put-back-as-new', { ...WORLD, nodes: 0, clients: 0, messages: [3], faults })
  expect(rule).toBe('I8: the log holds a message twice')
  expect(trace.length).toBeLessThanOrEqual(10)
})

test('a stream that is gone before its time and counts as trimmed is found out', () => {
  const faults = { 'lose the stream': 1, 'expire the stream': 1, 'cut a client': 1 }
  const { rule, trace } = breaks('stream-loss-is-trimming', { ...WORLD, faults })
  expect(rule).toBe('I6: everything has settled, the stream is gone and a reader was not told')
  expect(trace.at(-1)).toBe('the stream goes missing before its time')
})

test('metadata that expires together with the stream is found out', () => {
  const { rule, trace } = breaks('expiring-together', { ...WORLD, faults: { 'expire the stream': 1 } })
  expect(rule).toMatch(/^I7: a break \(new-log\)/)
  expect(trace.at(-1)).toBe("the stream's time is over")
})

/** Two counters below a limit. */
class Counters implements Model<[number, number]> {
  readonly forbidden: string

  constructor(forbidden: string) {
    this.forbidden = forbidden
  }

  initial(): [number, number] {
    return [0, 0]
  }

  encode([a, b]: [number, number]): string {
    return `${a}${b}`
  }

  decode(code: string): [number, number] {
    return [Number(code[0]), Number(code[1])]
  }

  steps([a, b]: [number, number]): { name: string; apply(state: [number, number]): void }[] {
    const left = a < 4 ? [{ name: 'left', apply: (state: [number, number]) => void state[0]++ }] : []
    const right = b < 4 ? [{ name: 'right', apply: (state: [number, number]) => void state[1]++ }] : []
    return [...left, ...right]
  }

  check(state: [number, number]): void {
    if (this.encode(state) === this.forbidden) throw new Violation('forbidden')
  }
}

test('the explorer visits every state once', () => {
  expect(explore(new Counters('none'))).toEqual({ states: 25, steps: 40, depth: 8 })
})

test('the explorer prints the shortest way to a violation', () => {
  const { violation } = explore(new Counters('12'))
  expect(violation?.rule).toBe('forbidden')
  expect(violation?.trace.toSorted()).toEqual(['left', 'right', 'right'])
})
