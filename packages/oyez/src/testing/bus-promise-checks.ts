import assert from 'node:assert/strict'
import { BusError } from '../bus/bus-error.ts'
import { busCheck, type BusCheck } from './bus-check.ts'
import { positionOf, range, textsOf } from './bus-trial.ts'

/** What goes beyond storing: closing a producer, levels of acknowledgement, and being sure of the broker. */
export const promiseChecks: readonly BusCheck[] = [
  busCheck('closing a producer says what was stored last, and nothing more comes under its name', async (trial) => {
    const channel = trial.channel()
    const [one, two] = [await trial.node(), await trial.node()]
    const positions = []
    for (const seq of [1, 2, 3]) positions.push(await one.store(channel, `${seq}`, { producer: { id: 'p', seq } }))
    assert.equal(await two.bus.closeProducer(channel, 'p'), 3)
    for (const seq of [4, 5]) {
      assert.deepEqual({ ...(await one.append(channel, 'late', { producer: { id: 'p', seq } })) }, UNKNOWN)
    }
    const again = await one.append(channel, '2', { producer: { id: 'p', seq: 2 } })
    assert.equal(again.kind, 'duplicate')
    assert.deepEqual({ ...positionOf(again) }, { ...positions[1] })
    assert.equal(await one.bus.closeProducer(channel, 'p'), 3, 'closing again')
    await one.store(channel, '4', { producer: { id: 'q', seq: 1 } })
    assert.deepEqual(textsOf(await two.records(channel)), ['1', '2', '3', '4'])
  }),

  busCheck('a producer that stored nothing can be closed, and its first message comes too late', async (trial) => {
    const [fresh, used] = [trial.channel('fresh'), trial.channel('used')]
    const node = await trial.node()
    await node.store(used, 'a')
    for (const channel of [fresh, used]) {
      assert.equal(await node.bus.closeProducer(channel, 'p'), 0)
      assert.deepEqual({ ...(await node.append(channel, 'late', { producer: { id: 'p', seq: 1 } })) }, UNKNOWN)
    }
    const other = trial.channel('other')
    await node.store(other, 'a', { producer: { id: 'p', seq: 1 } })
    await node.store(fresh, 'b')
    assert.deepEqual(textsOf(await node.records(fresh)), ['b'])
    assert.deepEqual(textsOf(await node.records(used)), ['a'])
  }),

  busCheck(
    'of appends that are under way while their producer is closed, exactly those counted are stored',
    async (trial) => {
      const [one, two] = [await trial.node(), await trial.node()]
      for (const _ of range(1, 10)) {
        const channel = trial.channel()
        const calls = range(1, 10).map((seq) => one.append(channel, `${seq}`, { producer: { id: 'p', seq } }))
        const last = await two.bus.closeProducer(channel, 'p')
        const results = await Promise.all(calls)
        assert.deepEqual(
          results.map(({ kind }) => kind),
          range(1, 10).map((seq) => (seq <= last ? 'appended' : 'unknown-producer')),
        )
        assert.equal((await two.records(channel)).length, last)
      }
    },
  ),

  busCheck('an append is acknowledged as accepted, and a level that cannot be had stores nothing', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    await node.store(channel, 'a', { ack: 'accepted' })
    for (const ack of [{ replicas: 9 }, 'durable'] as const) {
      const before = (await node.records(channel)).length
      const result = await node.append(channel, 'b', { ack }).catch((error: unknown) => error)
      const stored = (await node.records(channel)).length - before
      if (result instanceof BusError) assert.equal(stored, result.code === 'refused' ? 0 : 1, result.message)
      else assert.equal(stored, 1)
    }
  }),

  busCheck('a node that works confirms that it talks to the right broker', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    if (node.bus.confirm !== undefined) assert.equal(await node.bus.confirm(channel), true)
  }),
]

const UNKNOWN = { kind: 'unknown-producer' }
