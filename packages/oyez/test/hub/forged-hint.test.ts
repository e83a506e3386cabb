import { expect, test } from 'vitest'
import type { ReadResult } from '../../src/bus/bus.ts'
import { RingBudget } from '../../src/hub/ring.ts'
import { Sequencer } from '../../src/hub/sequencer.ts'
import { eventually, turn, useHubs } from './hub-fixture.ts'
import { record, type Said, ScriptedLog } from './scripted-log.ts'
import { ScriptedBus } from './scripted-bus.ts'

const hubs = useHubs()

/** A channel that has followed a log of two records. */
class Follower {
  readonly log = new ScriptedLog()
  readonly said: Said[] = []
  reads = 0
  onRead: (read: () => ReadResult) => Promise<ReadResult> = async (read) => read()
  readonly sequencer: Sequencer

  private constructor(capacity: number) {
    this.sequencer = new Sequencer(
      {
        read: (request) => {
          this.reads += 1
          return this.onRead(() => this.log.read(request))
        },
        onPublication: ({ data, offset }) =>
          this.said.push({ type: 'publication', offset, text: JSON.parse(Buffer.from(data).toString()) as string }),
        onEpoch: (epoch) => this.said.push({ type: 'epoch', epoch }),
        onBreak: (broken) => this.said.push({ type: 'break', break: broken }),
        onResync: () => undefined,
        onFailure: () => undefined,
      },
      capacity,
      new RingBudget(1 << 30),
    )
  }

  static async start(capacity = 100): Promise<Follower> {
    const follower = new Follower(capacity)
    await follower.sequencer.start(0)
    follower.append()
    follower.append()
    follower.said.length = 0
    follower.reads = 0
    return follower
  }

  /** Stores a record and hints it. */
  append(): void {
    const { bytes, position } = this.log.append()
    this.sequencer.hint(bytes, position)
  }

  /** Hints a record that is not in the log. */
  forge(offset: number, bytes = record('forged')): void {
    this.sequencer.hint(bytes, { epoch: 'e1', offset })
  }

  get breaks(): readonly unknown[] {
    return this.said.flatMap((item) => (item.type === 'break' ? [item.break] : []))
  }

  get texts(): readonly string[] {
    return this.said.flatMap((item) => (item.type === 'publication' ? [item.text] : []))
  }
}

test('a forged hint that hides the real record is declared as soon as the real one is heard', async () => {
  const follower = await Follower.start()
  follower.forge(3)
  follower.append()
  await turn()
  expect(follower.texts).toEqual(['forged'])
  expect(follower.breaks).toEqual([
    { reason: 'fork', last: { epoch: 'e1', offset: 3 }, next: { epoch: 'e1', offset: 3 }, fork: 2 },
  ])
  follower.append()
  expect(follower.texts).toEqual(['forged', 'e1/4'])
})

test('several forged hints are declared once, and every record behind them comes', async () => {
  const follower = await Follower.start()
  for (const offset of [3, 4, 5]) follower.forge(offset)
  follower.append()
  await turn()
  expect(follower.breaks).toEqual([
    { reason: 'fork', last: { epoch: 'e1', offset: 5 }, next: { epoch: 'e1', offset: 3 }, fork: 2 },
  ])
  for (let n = 0; n < 3; n++) follower.append()
  await turn()
  expect(follower.texts.slice(3)).toEqual(['e1/4', 'e1/5', 'e1/6'])
  expect(follower.breaks).toHaveLength(1)
})

test('a forged hint behind the real one is looked up and harms nobody', async () => {
  const follower = await Follower.start()
  follower.forge(2)
  await turn()
  expect(follower.reads).toBe(1)
  expect(follower.said).toEqual([])
})

test('a hint that is heard twice is not looked up', async () => {
  const follower = await Follower.start()
  follower.sequencer.hint(record('e1/2'), { epoch: 'e1', offset: 2 })
  await turn()
  expect(follower.reads).toBe(0)
})

test('a contradiction that the log cannot decide any more is declared', async () => {
  const follower = await Follower.start()
  follower.forge(3)
  const { bytes, position } = follower.log.append()
  follower.log.trim(3)
  follower.sequencer.hint(bytes, position)
  await turn()
  expect(follower.breaks).toMatchObject([{ reason: 'unknown', next: { offset: 3 } }])
})

test('a contradiction is looked up again when the log could not be read', async () => {
  const follower = await Follower.start()
  follower.onRead = () => Promise.reject(new Error('the log is away'))
  follower.forge(3)
  follower.append()
  await turn()
  expect(follower.breaks).toEqual([])
  follower.onRead = async (read) => read()
  follower.sequencer.retry()
  await turn()
  expect(follower.breaks).toMatchObject([{ reason: 'fork', fork: 2 }])
})

test.each([
  ['truncated', record('e1/3').subarray(0, 3)],
  ['with a wrong magic', Uint8Array.of(0, ...record('e1/3').subarray(1))],
  ['of another version', Uint8Array.of(0x6f, 9, ...record('e1/3').subarray(2))],
  ['with a length that is wrong', Uint8Array.of(0x6f, 1, 1, 0xff, 0xff, 0x31)],
  ['empty', new Uint8Array()],
])('instead of a hint that is damaged (%s) the record comes from the log', async (_what, bytes) => {
  const follower = await Follower.start()
  const { position } = follower.log.append()
  follower.sequencer.hint(bytes, position)
  await turn()
  expect(follower.said).toEqual([{ type: 'publication', offset: 3, text: 'e1/3' }])
  follower.append()
  expect(follower.texts).toEqual(['e1/3', 'e1/4'])
  expect(follower.reads).toBe(1)
})

test('bytes in the log that no hub wrote are a declared break, and the stream goes on behind them', async () => {
  const follower = await Follower.start()
  const { position } = follower.log.append()
  follower.onRead = async (read) => {
    const result = read()
    if (result.verdict === 'break') return result
    return { ...result, records: result.records.map((one) => ({ ...one, record: Buffer.from('garbage') })) }
  }
  follower.sequencer.hint(Buffer.from('garbage'), position)
  await turn()
  expect(follower.breaks).toEqual([
    { reason: 'unknown', last: { epoch: 'e1', offset: 2 }, next: { epoch: 'e1', offset: 3 } },
  ])
  follower.append()
  expect(follower.texts).toEqual(['e1/4'])
})

test('a forged hint that nothing follows is found by the audit', async () => {
  const bus = new ScriptedBus()
  const times = { pingIntervalMs: 60_000, auditIntervalMs: 100 }
  const node = await hubs.node({ inner: bus, times })
  const client = await node.connected('', { oyez_ext: 1 })
  await client.subscribe('news')
  bus.say('news', 2)
  bus.hint('news', record('forged'), { epoch: 'e1', offset: 3 })
  const { push } = await client.find((message) => message.push?.oyez_break !== undefined)
  expect(push?.oyez_break).toEqual({
    reason: 'fork',
    last: { epoch: 'e1', offset: 3 },
    next: { epoch: 'e1', offset: 2 },
    fork: 2,
  })
  bus.say('news', 1)
  await eventually(() => client.offsets('news').length === 4)
  expect(client.offsets('news')).toEqual([1, 2, 3, 3])
})

test('a hint of a logged channel that lost its position makes the node read the log', async () => {
  const bus = new ScriptedBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected()
  await client.subscribe('news')
  const { bytes } = bus.log('news').append()
  node.bus.inject('news', bytes)
  await client.received('news', 1)
  expect(client.offsets('news')).toEqual([1])
})
