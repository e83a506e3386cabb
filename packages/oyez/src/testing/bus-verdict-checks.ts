import assert from 'node:assert/strict'
import type { ReadRequest, ReadResult } from '../bus/bus.ts'
import { busCheck, type BusCheck } from './bus-check.ts'
import { AMPLE, offsetsOf, range, textsOf } from './bus-trial.ts'

/** How a position is judged against the log. */
export const verdictChecks: readonly BusCheck[] = [
  busCheck('the empty epoch with offset 0 continues from the beginning while everything is there', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    for (const text of ['a', 'b', 'c']) await node.store(channel, text)
    assert.deepEqual(textsOf(await node.records(channel, { after: { epoch: '', offset: 0 } })), ['a', 'b', 'c'])
  }),

  busCheck('the empty epoch with offset 0 continues in an unknown channel', async (trial) => {
    const node = await trial.node()
    assert.deepEqual(await node.records(trial.channel(), { after: { epoch: '', offset: 0 } }), [])
  }),

  busCheck('the empty epoch with offset 0 breaks as trimmed when the beginning is gone', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { ...AMPLE, size: 5 }
    await Promise.all(range(1, 6).map((n) => node.append(channel, `${n}`, { retention })))
    assert.equal(reasonOf(await node.read(channel, { after: { epoch: '', offset: 0 }, retention })), 'trimmed')
  }),

  busCheck('the empty epoch with an offset above 0 proves nothing and breaks', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    for (const text of ['a', 'b', 'c']) await node.store(channel, text)
    const reason = reasonOf(await node.read(channel, { after: { epoch: '', offset: 2 } }))
    assert.ok(reason === 'unknown' || reason === 'new-log', `it broke with ${reason}`)
  }),

  busCheck('a position with a foreign epoch breaks, and the answer says where to go on', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const last = await node.store(channel, 'a')
    for (const epoch of [
      'not-an-epoch',
      'x'.repeat(200),
      '0',
      `${last.epoch}x`,
      last.epoch.slice(1),
      '{"a":1}',
      '日本',
    ]) {
      const result = await node.read(channel, { after: { epoch, offset: 1 } })
      const reason = reasonOf(result)
      assert.ok(reason === 'unknown' || reason === 'new-log', `epoch ${epoch} broke with ${reason}`)
      assert.deepEqual({ ...result.head }, { ...last })
    }
  }),

  busCheck('a position above the log is a fork, and the answer says what is shared', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    await node.store(channel, 'a')
    const last = await node.store(channel, 'b')
    const result = await node.read(channel, { after: { ...last, offset: 5 } })
    assert.equal(reasonOf(result), 'fork')
    assert.equal(result.verdict === 'break' && result.fork, 2)
    assert.deepEqual({ ...result.head }, { ...last })
  }),

  busCheck('a position whose continuation is gone breaks as trimmed', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { ...AMPLE, size: 5 }
    const first = await node.store(channel, '1', { retention })
    await Promise.all(range(2, 1_000).map((n) => node.append(channel, `${n}`, { retention })))
    const result = await node.read(channel, { after: first })
    assert.equal(reasonOf(result), 'trimmed')
    assert.deepEqual({ ...result.head }, { ...first, offset: 1_000 })
    assert.equal((await node.records(channel, { after: result.head })).length, 0)
  }),

  busCheck('the oldest position that still continues is the one before the oldest record', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { ...AMPLE, size: 5 }
    await Promise.all(range(1, 1_000).map((n) => node.append(channel, `${n}`, { retention })))
    const { epoch } = (await node.read(channel)).head
    const after = (offset: number): Partial<ReadRequest> => ({ after: { epoch, offset }, retention })
    assert.deepEqual(offsetsOf(await node.records(channel, after(995))), range(996, 1_000))
    assert.equal(reasonOf(await node.read(channel, after(994))), 'trimmed')
  }),

  busCheck('a break gives its verdict with limit 0 too', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const last = await node.store(channel, 'a')
    assert.equal(reasonOf(await node.read(channel, { after: { ...last, offset: 9 }, limit: 0 })), 'fork')
  }),
]

function reasonOf(result: ReadResult): string {
  return result.verdict === 'break' ? result.reason : result.verdict
}
