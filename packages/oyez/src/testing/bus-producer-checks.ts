import assert from 'node:assert/strict'
import type { AppendResult } from '../bus/bus.ts'
import { busCheck, type BusCheck } from './bus-check.ts'
import { AMPLE, positionOf, range, textsOf } from './bus-trial.ts'

/** How repeated and missing appends are recognised. */
export const producerChecks: readonly BusCheck[] = [
  busCheck('a repeated append is a duplicate: not stored, not hinted, answered with its position', async (trial) => {
    const [channel, marker] = [trial.channel(), trial.channel('marker')]
    const node = await trial.node(channel, marker)
    await node.store(channel, 'other')
    const position = await node.store(channel, 'a', { producer: { id: 'p', seq: 1 } })
    const again = await node.append(channel, 'a', { producer: { id: 'p', seq: 1 } })
    assert.equal(again.kind, 'duplicate')
    assert.deepEqual({ ...positionOf(again) }, { ...position })
    await node.store(marker, 'the end')
    await node.hears(marker, 1)
    await node.hears(channel, 2)
    assert.deepEqual(node.texts(channel), ['other', 'a'])
    assert.deepEqual(textsOf(await node.records(channel)), ['other', 'a'])
  }),

  busCheck('a repetition of an older append is a duplicate too', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const positions = []
    for (const seq of range(1, 5)) {
      positions.push(await node.store(channel, `${seq}`, { producer: { id: 'p', seq } }))
      await node.store(channel, 'between')
    }
    for (const seq of range(1, 5)) {
      const again = await node.append(channel, `${seq}`, { producer: { id: 'p', seq } })
      assert.equal(again.kind, 'duplicate')
      assert.deepEqual({ ...positionOf(again) }, { ...positions[seq - 1] })
    }
    assert.equal((await node.records(channel)).length, 10)
  }),

  busCheck('a repetition is found behind the records of many others', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const first = await node.store(channel, 'first', { producer: { id: 'p', seq: 1 } })
    for (const n of range(1, 150)) await node.store(channel, `between ${n}`)
    await node.store(channel, 'last', { producer: { id: 'p', seq: 2 } })
    const again = await node.append(channel, 'first', { producer: { id: 'p', seq: 1 } })
    assert.deepEqual({ kind: again.kind, ...positionOf(again) }, { kind: 'duplicate', ...first })
  }),

  busCheck(
    'an append that skips a number is out of sequence, stores nothing and says what is missing',
    async (trial) => {
      const channel = trial.channel()
      const node = await trial.node()
      await node.store(channel, '1', { producer: { id: 'p', seq: 1 } })
      const early = await node.append(channel, '4', { producer: { id: 'p', seq: 4 } })
      assert.deepEqual({ ...early }, { kind: 'out-of-sequence', expected: 2 })
      for (const seq of [2, 3, 4]) await node.store(channel, `${seq}`, { producer: { id: 'p', seq } })
      assert.deepEqual(textsOf(await node.records(channel)), ['1', '2', '3', '4'])
    },
  ),

  busCheck('an unknown producer that does not begin with 1 is refused and stores nothing', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    await node.store(channel, 'a')
    const result = await node.append(channel, 'b', { producer: { id: 'p', seq: 2 } })
    assert.deepEqual({ ...result }, { kind: 'unknown-producer' })
    assert.deepEqual(textsOf(await node.records(channel)), ['a'])
  }),

  busCheck('producers do not disturb each other, nor does one in another channel', async (trial) => {
    const [one, two] = [trial.channel('one'), trial.channel('two')]
    const node = await trial.node()
    for (const seq of [1, 2]) {
      await node.store(one, `p${seq}`, { producer: { id: 'p', seq } })
      await node.store(one, `q${seq}`, { producer: { id: 'q', seq } })
      await node.store(two, `p${seq}`, { producer: { id: 'p', seq } })
    }
    assert.deepEqual(textsOf(await node.records(one)), ['p1', 'q1', 'p2', 'q2'])
    assert.deepEqual(textsOf(await node.records(two)), ['p1', 'p2'])
  }),

  busCheck('a producer goes on through another node', async (trial) => {
    const channel = trial.channel()
    const [one, two] = [await trial.node(), await trial.node()]
    await one.store(channel, '1', { producer: { id: 'p', seq: 1 } })
    assert.equal((await two.append(channel, '1', { producer: { id: 'p', seq: 1 } })).kind, 'duplicate')
    await two.store(channel, '2', { producer: { id: 'p', seq: 2 } })
    assert.deepEqual(textsOf(await one.records(channel)), ['1', '2'])
  }),

  busCheck('of the same append through two nodes at once, exactly one is stored', async (trial) => {
    const [one, two] = [await trial.node(), await trial.node()]
    for (const _ of range(1, 20)) {
      const channel = trial.channel()
      const producer = { id: 'p', seq: 1 }
      const results = await Promise.all([
        one.append(channel, 'a', { producer }),
        two.append(channel, 'a', { producer }),
      ])
      assert.deepEqual(results.map(({ kind }) => kind).sort(), ['appended', 'duplicate'])
      assert.deepEqual({ ...positionOf(results[0]) }, { ...positionOf(results[1]) })
    }
  }),

  busCheck('somebody who invents thousands of producers makes the log forget none of others', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { ...AMPLE, size: 10 }
    const append = (id: string, seq: number, owner?: string): Promise<AppendResult> =>
      node.append(channel, id, { producer: { id, seq, owner }, retention })
    const others = [...range(1, 20).map((n) => [`user-${n}`, `u${n}`] as const), ['nobody', undefined] as const]
    for (const [id, owner] of others) assert.equal((await append(id, 1, owner)).kind, 'appended')
    for (const from of range(0, 20)) {
      const ids = range(1, 500).map((n) => `invented-${from}-${n}`)
      const results = await Promise.all(ids.map((id) => append(id, 1, 'eve')))
      assert.ok(results.every(({ kind }) => kind === 'appended'))
    }
    for (const [id, owner] of others) assert.equal((await append(id, 2, owner)).kind, 'appended', id)
    const [oldest, newest] = [await append('invented-0-1', 1, 'eve'), await append('invented-20-500', 2, 'eve')]
    assert.equal(newest.kind, 'appended', 'the newest of her own')
    assert.ok(oldest.kind === 'appended' || oldest.kind === 'duplicate')
  }),

  busCheck('somebody who closes thousands of producers makes the log forget none of others', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { ...AMPLE, size: 10 }
    await node.store(channel, 'a', { producer: { id: 'p', seq: 1, owner: 'u' }, retention })
    await node.bus.closeProducer(channel, 'closed', 'u')
    for (const from of range(0, 20)) {
      await Promise.all(range(1, 500).map((n) => node.bus.closeProducer(channel, `${from}-${n}`, 'eve')))
    }
    await node.store(channel, 'b', { producer: { id: 'p', seq: 2, owner: 'u' }, retention })
    const late = await node.append(channel, 'late', { producer: { id: 'closed', seq: 1, owner: 'u' }, retention })
    assert.equal(late.kind, 'unknown-producer')
  }),

  busCheck('producer ids of 64 bytes and with unusual characters work', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const ids = ['x'.repeat(64), 'ä'.repeat(32), 'a b', '{a}', '"', '__proto__', 'i', 't', 'top', '0']
    for (const id of ids) await node.store(channel, id, { producer: { id, seq: 1 } })
    for (const id of ids) assert.equal((await node.append(channel, id, { producer: { id, seq: 1 } })).kind, 'duplicate')
    assert.deepEqual(textsOf(await node.records(channel)), ids)
  }),

  busCheck('an append with a known idempotency key is a duplicate with the position of the first', async (trial) => {
    const channel = trial.channel()
    const [one, two] = [await trial.node(), await trial.node()]
    const position = await one.store(channel, 'a', { idempotencyKey: 'order-1' })
    await one.store(channel, 'b', { idempotencyKey: 'order-2' })
    for (const node of [one, two]) {
      const again = await node.append(channel, 'a', { idempotencyKey: 'order-1' })
      assert.equal(again.kind, 'duplicate')
      assert.deepEqual({ ...positionOf(again) }, { ...position })
    }
    assert.deepEqual(textsOf(await two.records(channel)), ['a', 'b'])
  }),

  busCheck('an idempotency key counts in its own channel only, and is no producer', async (trial) => {
    const [one, two] = [trial.channel('one'), trial.channel('two')]
    const node = await trial.node()
    await node.store(one, 'a', { idempotencyKey: 'same' })
    await node.store(two, 'a', { idempotencyKey: 'same' })
    await node.store(one, 'b', { producer: { id: 'same', seq: 1 } })
    assert.deepEqual(textsOf(await node.records(one)), ['a', 'b'])
  }),
]
