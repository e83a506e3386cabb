import assert from 'node:assert/strict'
import type { ReadRequest } from '../bus/bus.ts'
import { busCheck, type BusCheck } from './bus-check.ts'
import { AMPLE, offsetsOf, range, textsOf } from './bus-trial.ts'

/** What a reader may see of a log, and how long the identity of a log without records lasts. Every bus gives the same answers. */
export const retentionChecks: readonly BusCheck[] = [
  busCheck('a reader sees the newest records, exactly as many as the retention says', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { ...AMPLE, size: 2 }
    const offsets = async (more: Partial<ReadRequest>): Promise<number[]> =>
      offsetsOf(await node.records(channel, { retention, ...more }))
    for (const n of range(1, 5)) await node.store(channel, `${n}`, { retention })
    const { head } = await node.read(channel, { limit: 0 })
    const reason = async (offset: number): Promise<string> => {
      const result = await node.read(channel, { after: { ...head, offset }, retention })
      return result.verdict === 'break' ? result.reason : 'continue'
    }
    assert.deepEqual(await offsets({}), [4, 5])
    assert.deepEqual(await offsets({ reverse: true }), [5, 4])
    assert.deepEqual(await offsets({ after: { ...head, offset: 3 } }), [4, 5])
    assert.deepEqual(await offsets({ after: { ...head, offset: 4 } }), [5])
    assert.deepEqual(await offsets({ after: { ...head, offset: 5 }, reverse: true }), [4])
    assert.deepEqual(await offsets({ after: { ...head, offset: 4 }, reverse: true }), [])
    assert.deepEqual(await offsets({ after: { ...head, offset: 2 }, reverse: true }), [])
    assert.deepEqual(await Promise.all([0, 1, 2, 3, 4, 5].map(reason)), [
      ...Array<string>(3).fill('trimmed'),
      ...Array<string>(3).fill('continue'),
    ])
    assert.deepEqual(await offsets({ limit: 1 }), [4])
    assert.deepEqual(await offsets({ limit: 1, reverse: true }), [5])
  }),

  busCheck('a reader sees exactly as many records of a long log as the retention says', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    for (const size of [1, 7, 100]) {
      const retention = { ...AMPLE, size }
      await Promise.all(range(1, 333).map((n) => node.store(channel, `${n}`, { retention })))
      const { head } = await node.read(channel, { limit: 0 })
      const seen = offsetsOf(await node.records(channel, { retention }))
      assert.deepEqual(seen, range(head.offset - size + 1, head.offset))
      assert.deepEqual(offsetsOf(await node.records(channel, { retention, reverse: true })), seen.toReversed())
    }
  }),

  busCheck('a reader sees no record once the last one is older than the retention says', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const first = await node.store(channel, 'a')
    const last = await node.store(channel, 'b')
    const retention = { ...AMPLE, ttlMs: 50 }
    assert.ok(await trial.poll(2_000, async () => (await node.records(channel, { retention })).length === 0))
    assert.deepEqual(await node.records(channel, { retention, reverse: true }), [])
    assert.deepEqual(await node.records(channel, { retention, after: last }), [])
    const late = await node.read(channel, { retention, after: first })
    assert.equal(late.verdict === 'break' && late.reason, 'trimmed')
    assert.deepEqual({ ...late.head }, { ...last })
    assert.deepEqual(textsOf(await node.records(channel, { after: first })), ['b'], 'a reader with more patience')
  }),

  busCheck('a read that does not mint stores nothing about an unknown channel', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const unknown = { epoch: '', offset: 0 }
    for (const more of [{}, { reverse: true }, { after: unknown }, { limit: 0 }]) {
      const result = await node.read(channel, { mint: false, ...more })
      assert.deepEqual({ ...result.head }, unknown)
      assert.deepEqual(result.verdict === 'continue' && result.records, [])
    }
    assert.deepEqual(await node.bus.heads([channel]), [undefined])
    for (const [epoch, offset] of [['', 3] as const, ['foreign', 0] as const]) {
      const result = await node.read(channel, { mint: false, after: { epoch, offset } })
      assert.equal(result.verdict, 'break')
    }
    const first = await node.store(channel, 'a')
    assert.equal(first.offset, 1)
    assert.deepEqual(textsOf(await node.records(channel, { mint: false, after: unknown })), ['a'])
  }),

  busCheck('the identity of a channel without records lasts while its head is asked for', async (trial) => {
    const [stays, leaves] = [trial.channel('stays'), trial.channel('leaves')]
    const node = await trial.node(stays)
    const retention = { ...AMPLE, metaTtlMs: 300 }
    const { head } = await node.read(stays, { retention })
    const left = await node.read(leaves, { retention })
    assert.deepEqual({ ...(await node.bus.heads([stays]))[0] }, { ...head })
    await new Promise((resolve) => setTimeout(resolve, 700))
    assert.deepEqual(await node.bus.heads([leaves]), [undefined], 'nobody asked for it')
    assert.deepEqual(await node.records(stays, { after: head, retention }), [])
    assert.deepEqual({ ...(await node.store(stays, 'a')) }, { ...head, offset: 1 })
    const late = await node.read(leaves, { after: left.head, retention })
    assert.equal(late.verdict === 'break' && late.reason, 'new-log')
  }),

  busCheck('the first record makes the identity of a channel last', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const { head } = await node.read(channel, { retention: { ...AMPLE, metaTtlMs: 300 } })
    await node.store(channel, 'a')
    await new Promise((resolve) => setTimeout(resolve, 700))
    assert.deepEqual(textsOf(await node.records(channel, { after: head })), ['a'])
  }),
]
