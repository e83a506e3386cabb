import assert from 'node:assert/strict'
import { BusError } from '../bus/bus-error.ts'
import { busCheck, type BusCheck } from './bus-check.ts'
import { AMPLE, bytesOf, range, type TrialNode } from './bus-trial.ts'

/** Starting, counting and closing. */
export const lifeChecks: readonly BusCheck[] = [
  busCheck('a bus has a name and says once that it is up', async (trial) => {
    const node = await trial.node()
    assert.notEqual(node.bus.name, '')
    await node.until(
      () => node.statuses.length > 0,
      () => 'it did not say that it is up',
    )
    assert.deepEqual(
      node.statuses.map(({ state }) => state),
      ['up'],
    )
  }),

  busCheck('stats count what was heard, appended and read', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    const before = node.bus.stats()
    for (const seq of [1, 2, 3, 3]) await node.append(channel, `${seq}`, { producer: { id: 'p', seq } })
    await node.read(channel)
    await node.read(channel)
    await node.hears(channel, 3)
    const after = node.bus.stats()
    assert.equal(after.appended - before.appended, 3, 'appended')
    assert.equal(after.reads - before.reads, 2, 'reads')
    assert.equal(after.received - before.received, 3, 'received')
    assert.equal(after.unwanted - before.unwanted, 0, 'unwanted')
    assert.equal(after.reconnects, 0, 'reconnects')
  }),

  busCheck('closing twice is the same as closing once, also at the same time', async (trial) => {
    const node = await trial.node(trial.channel())
    await Promise.all([node.bus.close(), node.bus.close()])
    await node.bus.close()
  }),

  busCheck('a bus that was never started can be closed', async (trial) => {
    const node = await trial.idleNode()
    await node.bus.close()
  }),

  busCheck('after close every call rejects with the code closed', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    await node.bus.close()
    for (const [verb, call] of callsOf(node, channel)) {
      await assert.rejects(call, (error) => error instanceof BusError && error.code === 'closed', `${verb} after close`)
    }
  }),

  busCheck(
    'calls that are pending when the bus is closed settle, and reject with a BusError if they reject',
    async (trial) => {
      const channel = trial.channel()
      const node = await trial.node(channel)
      const calls = range(1, 10).flatMap(() => callsOf(node, channel).map(([, call]) => call()))
      const settled = Promise.allSettled(calls)
      await node.bus.close()
      for (const result of await settled) {
        if (result.status === 'rejected') assert.ok(result.reason instanceof BusError, String(result.reason))
      }
    },
  ),

  busCheck('a closed bus says nothing more', async (trial) => {
    const channel = trial.channel()
    const [node, other] = [await trial.node(channel), await trial.node(channel)]
    await node.bus.close()
    const said = node.statuses.length
    await other.store(channel, 'a')
    await other.hears(channel, 1)
    assert.equal(node.heard.length, 0)
    assert.equal(node.statuses.length, said)
  }),

  busCheck('the log and the other nodes go on when one bus is closed', async (trial) => {
    const channel = trial.channel()
    const [one, two] = [await trial.node(channel), await trial.node(channel)]
    await one.store(channel, 'a')
    await two.hears(channel, 1)
    await one.bus.close()
    await two.store(channel, 'b')
    await two.hears(channel, 2)
    const late = await trial.node()
    assert.equal((await late.records(channel)).length, 2)
  }),
]

function callsOf({ bus }: TrialNode, channel: string): (readonly [string, () => Promise<unknown>])[] {
  return [
    ['subscribe', () => bus.subscribe([channel])],
    ['unsubscribe', () => bus.unsubscribe([channel])],
    ['broadcast', () => bus.broadcast(channel, bytesOf('a'))],
    ['append', () => bus.append({ channel, record: bytesOf('a'), retention: AMPLE })],
    ['read', () => bus.read({ channel, limit: 1, retention: AMPLE })],
    ['heads', () => bus.heads([channel])],
    ['closeProducer', () => bus.closeProducer(channel, 'p')],
  ]
}
