import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ReadResult } from '../../src/bus/bus.ts'
import { RingBudget } from '../../src/hub/ring.ts'
import { Sequencer, type SequencerHost } from '../../src/hub/sequencer.ts'
import { deferred, range, turn } from './hub-fixture.ts'
import { record, type Said, ScriptedLog } from './scripted-log.ts'

interface World {
  readonly log: ScriptedLog
  readonly said: Said[]
  readonly sequencer: Sequencer
  readonly failures: unknown[]
  reads: number
  /** Set to fail or hold the next reads. */
  onRead: (read: () => ReadResult) => Promise<ReadResult>
}

function makeWorld(log = new ScriptedLog(), capacity = 1_000): World {
  const said: Said[] = []
  const failures: unknown[] = []
  const host: SequencerHost = {
    read: (request) => {
      world.reads += 1
      return world.onRead(() => log.read(request))
    },
    onPublication: ({ data, offset }) =>
      said.push({ type: 'publication', offset, text: JSON.parse(Buffer.from(data).toString()) as string }),
    onEpoch: (epoch) => said.push({ type: 'epoch', epoch }),
    onBreak: (broken) => said.push({ type: 'break', break: broken }),
    onResync: () => undefined,
    onFailure: (error) => failures.push(error),
  }
  const sequencer = new Sequencer(host, capacity, new RingBudget(1 << 30))
  const world: World = { log, said, sequencer, failures, reads: 0, onRead: async (read) => read() }
  return world
}

function offsets({ said }: World): readonly number[] {
  return said.flatMap((item) => (item.type === 'publication' ? [item.offset] : []))
}

function appendAll(world: World, count: number): void {
  for (let n = 0; n < count; n++) {
    const { bytes, position } = world.log.append()
    world.sequencer.hint(bytes, position)
  }
}

test('hints in order are emitted without reading', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 100)
  expect(offsets(world)).toEqual(range(1, 100))
  expect(world.reads).toBe(1)
})

test('a lost hint is read from the log as soon as the next one shows the gap', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 3)
  world.log.append()
  world.log.append()
  appendAll(world, 1)
  await turn()
  expect(offsets(world)).toEqual(range(1, 6))
  expect(world.reads).toBe(2)
})

test('hints heard between the subscribe and the first read are neither lost nor repeated', async () => {
  const world = makeWorld()
  const gate = deferred<void>()
  world.log.append()
  world.onRead = async (read) => {
    const result = read()
    await gate.promise
    return result
  }
  const started = world.sequencer.start(0)
  appendAll(world, 3)
  gate.resolve()
  await started
  expect(world.sequencer.position.offset).toBe(4)
  expect(offsets(world)).toEqual([2, 3, 4])
})

test('a gap that the bus declares while the first read is under way is read again', async () => {
  const world = makeWorld()
  const gate = deferred<void>()
  world.onRead = async (read) => {
    const result = read()
    await gate.promise
    return result
  }
  const started = world.sequencer.start(0)
  // Appended after the read was made; its hint is lost, and the bus says that something may be missing.
  world.log.append()
  await world.sequencer.resync()
  gate.resolve()
  await started
  await turn()
  expect(world.sequencer.position.offset).toBe(1)
  expect(offsets(world)).toEqual([1])
})

test('another epoch that continues the log is adopted without a break', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 5)
  world.log.failOver(0)
  appendAll(world, 2)
  await turn()
  expect(offsets(world)).toEqual(range(1, 7))
  expect(world.said.filter(({ type }) => type === 'break')).toEqual([])
  expect(world.said.filter(({ type }) => type === 'epoch')).toEqual([{ type: 'epoch', epoch: 'e2' }])
})

test('a fork is a break that names the last position, the next one and the fork', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 5)
  world.log.failOver(2)
  appendAll(world, 1)
  await turn()
  expect(world.said.at(-1)).toEqual({
    type: 'break',
    break: { reason: 'fork', last: { epoch: 'e1', offset: 5 }, next: { epoch: 'e2', offset: 4 }, fork: 3 },
  })
  appendAll(world, 1)
  expect(world.said.at(-1)).toEqual({ type: 'publication', offset: 5, text: 'e2/5' })
})

test('an epoch that the log has forgotten is no break as long as nothing was received under it', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 5)
  world.log.failOver(0)
  await world.sequencer.resync()
  expect(world.sequencer.position).toEqual({ epoch: 'e2', offset: 5 })
  world.log.failOverForgetting()
  appendAll(world, 2)
  await turn()
  expect(offsets(world)).toEqual(range(1, 7))
  expect(world.said.filter(({ type }) => type === 'break')).toEqual([])
  expect(world.sequencer.knows({ epoch: 'e2', offset: 5 })).toBe(true)
})

test('an epoch that the log has forgotten is a break when something was received under it', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 5)
  world.log.failOver(0)
  appendAll(world, 1)
  await turn()
  world.log.failOverForgetting()
  await world.sequencer.resync()
  expect(world.said.at(-1)).toMatchObject({ type: 'break', break: { reason: 'unknown', last: { offset: 6 } } })
})

test('a position above the fork is not known to belong to the new epoch', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  appendAll(world, 5)
  world.log.failOver(0)
  appendAll(world, 5)
  await turn()
  const { sequencer } = world
  expect(sequencer.knows({ epoch: 'e1', offset: 5 })).toBe(true)
  // Somebody who heard the old master longer than this node did: only the log can judge.
  expect(sequencer.knows({ epoch: 'e1', offset: 6 })).toBe(false)
  expect(sequencer.knows({ epoch: 'e2', offset: 10 })).toBe(true)
  expect(sequencer.knows({ epoch: 'e0', offset: 1 })).toBe(false)
})

test('a failed read is retried and nothing is missing', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  world.onRead = () => Promise.reject(new Error('no answer'))
  world.log.append()
  appendAll(world, 1)
  await turn()
  expect(world.failures).toHaveLength(1)
  appendAll(world, 3)
  await turn()
  expect(offsets(world)).toEqual([])
  world.onRead = async (read) => read()
  world.sequencer.retry()
  await turn()
  expect(offsets(world)).toEqual(range(1, 5))
})

test('resyncs do not overlap, and one asked for meanwhile makes one more read', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  let running = 0
  let most = 0
  world.onRead = async (read) => {
    most = Math.max(most, ++running)
    await turn()
    running -= 1
    return read()
  }
  const before = world.reads
  await Promise.all(Array.from({ length: 10 }, () => world.sequencer.resync()))
  expect(most).toBe(1)
  expect(world.reads - before).toBe(2)
})

test('hints that pile up during a long read are bounded by their bytes, and read from the log instead', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  const gate = deferred<void>()
  world.onRead = async (read) => {
    await gate.promise
    return read()
  }
  void world.sequencer.resync()
  const big = Buffer.alloc(60_000, 0x20)
  for (let n = 0; n < 1_000; n++) {
    const { bytes, position } = world.log.append()
    world.sequencer.hint(Buffer.concat([bytes, big]), position)
  }
  expect(world.sequencer.keptBytes).toBeLessThanOrEqual(2 * 1_048_576)
  gate.resolve()
  await turn()
  expect(offsets(world)).toEqual(range(1, 1_000))
  expect(world.sequencer.keptBytes).toBe(0)
})

test('after close nothing is said any more', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  const gate = deferred<void>()
  world.onRead = async (read) => {
    await gate.promise
    return read()
  }
  world.log.append()
  appendAll(world, 1)
  world.sequencer.close()
  gate.resolve()
  appendAll(world, 3)
  await turn()
  expect(world.said).toEqual([])
})

type Step =
  | { readonly do: 'append'; readonly hint: 'deliver' | 'drop' | 'repeat' | 'delay' }
  | { readonly do: 'failOver'; readonly lost: number }
  | { readonly do: 'lose' | 'release' | 'turn' | 'resync' | 'failRead' | 'holdRead' | 'retry' | 'garbage' }
  | { readonly do: 'trim'; readonly keep: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      hint: fc.constantFrom('deliver', 'deliver', 'deliver', 'drop', 'repeat', 'delay'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failOver' as const), lost: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), keep: fc.integer({ min: 0, max: 5 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('release', 'turn', 'resync', 'failRead', 'holdRead', 'retry') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose', 'garbage') }) },
) as fc.Arbitrary<Step>

test('whatever happens to hints, reads and the log: what is emitted is the log, in order, once, or a declared break with its reason', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 120 }), fc.nat(3), async (steps, before) => {
      const log = new ScriptedLog()
      for (let n = 0; n < before; n++) log.append()
      const world = makeWorld(log)
      let delayed: { bytes: Uint8Array; position: { epoch: string; offset: number } }[] = []
      let failing = 0
      const held: (() => void)[] = []
      let holding = false
      world.onRead = async (read) => {
        if (failing > 0) {
          failing -= 1
          throw new Error('made to fail')
        }
        // A read is one atomic step of the log, made before or after the wait.
        const early = holding && held.length % 2 === 0 ? read() : undefined
        if (holding) await new Promise<void>((resolve) => held.push(resolve))
        return early ?? read()
      }
      await world.sequencer.start(0)
      const start = { ...world.sequencer.position }
      const hintOf = (hint: { bytes: Uint8Array; position: { epoch: string; offset: number } }): void =>
        world.sequencer.hint(hint.bytes, hint.position)
      for (const one of steps) {
        switch (one.do) {
          case 'append': {
            const hint = log.append()
            if (one.hint === 'deliver') hintOf(hint)
            if (one.hint === 'repeat') for (let n = 0; n < 2; n++) hintOf(hint)
            if (one.hint === 'delay') delayed.push(hint)
            break
          }
          case 'release':
            for (const hint of delayed.splice(0)) hintOf(hint)
            break
          case 'failOver':
            log.failOver(one.lost)
            break
          case 'lose':
            log.lose()
            break
          case 'trim':
            log.trim(log.top - one.keep)
            break
          case 'resync':
            void world.sequencer.resync()
            break
          case 'retry':
            world.sequencer.retry()
            break
          case 'failRead':
            failing += 1
            break
          case 'holdRead':
            holding = true
            break
          case 'garbage':
            world.sequencer.hint(Buffer.from([1, 2, 3]), { epoch: 'never', offset: 1 })
            break
          case 'turn':
            holding = false
            for (const go of held.splice(0)) go()
            await Promise.resolve()
            await turnSoon()
        }
      }
      // All faults end: the stream must reach the head.
      holding = false
      failing = 0
      for (const go of held.splice(0)) go()
      delayed = []
      for (let round = 0; round < 6; round++) {
        await turnSoon()
        world.sequencer.retry()
        await world.sequencer.resync()
      }
      expect(world.sequencer.position).toEqual(log.head)
      check(world.said, start, log)
    }),
    { numRuns: 400 },
  )
})

function turnSoon(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Between two breaks the offsets grow by one; and what follows the last break is exactly the surviving log. */
function check(said: readonly Said[], start: { epoch: string; offset: number }, log: ScriptedLog): void {
  let at = start.offset
  let since: { offset: number; texts: string[] } = { offset: at, texts: [] }
  for (const item of said) {
    if (item.type === 'publication') {
      expect(item.offset).toBe(at + 1)
      at = item.offset
      since.texts.push(item.text)
    } else if (item.type === 'break') {
      const { reason, last, next, fork } = item.break
      expect(last.offset).toBe(at)
      expect(['new-log', 'fork', 'trimmed']).toContain(reason)
      if (reason === 'fork') expect(fork).toBeLessThan(last.offset)
      else expect(fork).toBeUndefined()
      at = next.offset
      since = { offset: at, texts: [] }
    }
  }
  expect(since.texts).toEqual(log.texts.slice(since.offset))
  expect(at).toBe(log.top)
}

test('a record made by hand is what the sequencer emits', async () => {
  const world = makeWorld()
  await world.sequencer.start(0)
  world.sequencer.hint(record('by hand'), { epoch: 'e1', offset: 1 })
  expect(world.said).toEqual([{ type: 'publication', offset: 1, text: 'by hand' }])
})
