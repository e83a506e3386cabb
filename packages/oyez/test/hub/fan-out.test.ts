import { expect, test } from 'vitest'
import { FanOut } from '../../src/hub/fan-out.ts'
import { Subscription, type Subscriber } from '../../src/hub/subscription.ts'
import { Batch, type WireForm } from '../../src/hub/wire-form.ts'
import type { Frame } from '../../src/protocol/codec.ts'
import { jsonCodec } from '../../src/protocol/json-codec.ts'
import type { Publication } from '../../src/protocol/message.ts'
import { unpackFrames } from '../../src/testing/fake-transport.ts'
import { range, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

class Hearer implements Subscriber {
  readonly isListening = true
  isWritable = true
  readonly form: WireForm
  readonly sent: (Batch | Frame)[] = []

  constructor(form: WireForm) {
    this.form = form
  }

  enqueueBatch(batch: Batch): void {
    this.sent.push(batch)
  }

  enqueueFrame(frame: Frame): void {
    this.sent.push(frame)
  }

  get batches(): readonly Batch[] {
    return this.sent.filter((item) => item instanceof Batch)
  }

  /** Offsets that this client is sent. */
  get offsets(): readonly number[] {
    const frames = this.sent.flatMap((item) => (item instanceof Batch ? unpackFrames(item.packed()) : item))
    return frames.map((frame) => {
      const { push } = JSON.parse(String(frame)) as { push: { pub: { offset: number } } }
      return push.pub.offset
    })
  }

  send(): void {}
  tellBreak(): boolean {
    return true
  }
  tellEpoch(): boolean {
    return true
  }
  endForResubscribe(): void {}
}

function makeForm(): WireForm & { packs: number; encoded: number } {
  const form = {
    packs: 0,
    encoded: 0,
    codec: {
      ...jsonCodec,
      encode: (message: Parameters<typeof jsonCodec.encode>[0]) => {
        form.encoded += 1
        return jsonCodec.encode(message)
      },
    },
    pack: (frames: Parameters<WireForm['pack']>[0]) => {
      form.packs += 1
      const parts = frames.map((frame) => {
        const body = Buffer.from(frame)
        const header = Buffer.alloc(5)
        header.writeUInt32BE(body.length, 1)
        return Buffer.concat([header, body])
      })
      return { bytes: Buffer.concat(parts) }
    },
  }
  return form
}

function publication(offset: number, bytes = 10): Publication {
  return { data: Buffer.from(JSON.stringify('x'.repeat(bytes))), offset }
}

function join(fanOut: FanOut, form: WireForm): { hearer: Hearer; subscription: Subscription } {
  const hearer = new Hearer(form)
  const subscription = new Subscription(hearer, 'news', false)
  fanOut.add(subscription)
  return { hearer, subscription }
}

test('a publication is encoded once per form, and a tick is packed once per form', () => {
  const fanOut = new FanOut('news')
  const [one, other] = [makeForm(), makeForm()]
  const hearers = [...range(1, 50)].map((n) => join(fanOut, n % 2 === 0 ? one : other).hearer)
  for (const offset of range(1, 10)) fanOut.deliver(publication(offset))
  for (const hearer of hearers) expect(hearer.offsets).toEqual(range(1, 10))
  expect([one.encoded, other.encoded, one.packs, other.packs]).toEqual([10, 10, 1, 1])
  for (const { batches } of hearers) expect(batches).toHaveLength(1)
})

test('who joins or leaves in the middle of a tick gets exactly its part', () => {
  const fanOut = new FanOut('news')
  const form = makeForm()
  const stays = join(fanOut, form)
  const leaves = join(fanOut, form)
  fanOut.deliver(publication(1))
  const late = join(fanOut, form)
  fanOut.deliver(publication(2))
  fanOut.remove(leaves.subscription)
  fanOut.deliver(publication(3))
  expect(stays.hearer.offsets).toEqual([1, 2, 3])
  expect(leaves.hearer.offsets).toEqual([1, 2])
  expect(late.hearer.offsets).toEqual([2, 3])
})

test('a sealed batch is never added to', () => {
  const fanOut = new FanOut('news')
  const form = makeForm()
  const [{ hearer }] = [join(fanOut, form), join(fanOut, form)]
  fanOut.deliver(publication(1))
  // Flushed: the bytes are on their way.
  hearer.batches[0]?.packed()
  fanOut.deliver(publication(2))
  expect(hearer.batches).toHaveLength(2)
  expect(hearer.offsets).toEqual([1, 2])
})

test('one form flushed early does not lose the other its publications', () => {
  const fanOut = new FanOut('news')
  const [one, other] = [makeForm(), makeForm()]
  const [first, second] = [join(fanOut, one), join(fanOut, other)]
  fanOut.deliver(publication(1))
  first.hearer.batches[0]?.packed()
  fanOut.deliver(publication(2))
  expect(first.hearer.offsets).toEqual([1, 2])
  expect(second.hearer.offsets).toEqual([1, 2])
})

test('a batch ends at its size, so that the high-water mark is looked at again', () => {
  const skipped: number[] = []
  const fanOut = new FanOut('news', (_, missed) => skipped.push(missed.offset))
  const form = makeForm()
  const [{ hearer }] = [join(fanOut, form), join(fanOut, form)]
  for (const offset of range(1, 10)) fanOut.deliver(publication(offset, 20_000))
  expect(hearer.batches.length).toBeGreaterThan(1)
  for (const batch of hearer.batches) expect(batch.bytes).toBeLessThan(65_536 + 21_000)
  // All but the newest one cannot grow any more, and can be counted for good.
  for (const batch of hearer.batches.slice(0, -1)) expect(batch.isSealed).toBe(true)
  expect(skipped).toEqual([])
})

test('a single subscriber gets frames of its own, and its high-water mark is looked at for each', () => {
  const skipped: number[] = []
  const fanOut = new FanOut('news', (_, missed) => skipped.push(missed.offset))
  const { hearer } = join(fanOut, makeForm())
  expect(fanOut.deliver(publication(1))).toBe(1)
  expect(fanOut.deliver(publication(2))).toBe(1)
  hearer.isWritable = false
  expect(fanOut.deliver(publication(3))).toBe(0)
  expect(hearer.batches).toHaveLength(0)
  expect(hearer.offsets).toEqual([1, 2])
  expect(skipped).toEqual([3])
  expect(fanOut.size).toBe(0)
})

test('a subscriber that was alone for a while shares batches again when another comes', () => {
  const fanOut = new FanOut('news')
  const form = makeForm()
  const first = join(fanOut, form)
  fanOut.deliver(publication(1))
  const second = join(fanOut, form)
  fanOut.deliver(publication(2))
  fanOut.deliver(publication(3))
  fanOut.remove(second.subscription)
  fanOut.deliver(publication(4))
  expect(first.hearer.offsets).toEqual([1, 2, 3, 4])
  expect(second.hearer.offsets).toEqual([2, 3])
})

test('a client that is full leaves the live ones with the first publication it misses, and the others go on', () => {
  const skipped: number[] = []
  const fanOut = new FanOut('news', (_, missed) => skipped.push(missed.offset))
  const form = makeForm()
  const [slow, fast] = [join(fanOut, form), join(fanOut, form)]
  fanOut.deliver(publication(1))
  fanOut.seal()
  slow.hearer.isWritable = false
  expect(fanOut.deliver(publication(2))).toBe(1)
  fanOut.deliver(publication(3))
  expect(skipped).toEqual([2])
  expect(slow.hearer.offsets).toEqual([1])
  expect(fast.hearer.offsets).toEqual([1, 2, 3])
  expect(fanOut.size).toBe(1)
})

test('without a log a full client misses publications, stays live, and is not counted as served', () => {
  const fanOut = new FanOut('typing')
  const { hearer } = join(fanOut, makeForm())
  hearer.isWritable = false
  expect(fanOut.deliver(publication(0))).toBe(0)
  hearer.isWritable = true
  expect(fanOut.deliver(publication(0))).toBe(1)
  expect(fanOut.size).toBe(1)
  expect(hearer.offsets).toEqual([undefined])
})

test('in a hub, everything of one tick is one write per connection', async () => {
  const node = await hubs.node()
  const clients = await Promise.all(Array.from({ length: 20 }, () => node.connected()))
  for (const client of clients) {
    await client.subscribe('a')
    await client.subscribe('b')
  }
  const before = clients.map(({ transport }) => transport.writes)
  for (const n of range(1, 50)) void node.hub.publish(n % 2 === 0 ? 'a' : 'b', n)
  await Promise.all(clients.flatMap((client) => [client.received('a', 25), client.received('b', 25)]))
  expect(clients.map(({ transport }, index) => transport.writes - (before[index] ?? 0))).toEqual(clients.map(() => 1))
})

test('in a hub, who subscribes between two publications of one tick gets exactly the later ones', async () => {
  const node = await hubs.node({ times: { lingerMs: 60_000 } })
  const [early, late] = [await node.connected(), await node.connected()]
  await early.subscribe('news')
  const published = range(1, 30).map((n) => {
    if (n === 10) late.send({ subscribe: { channel: 'news' } })
    if (n === 20) late.send({ unsubscribe: { channel: 'news' } })
    return node.hub.publish('news', n)
  })
  await Promise.all(published)
  await early.received('news', 30)
  const answer = late.seen.find(({ subscribe }) => subscribe !== undefined)
  const from = answer?.subscribe?.offset ?? 0
  const got = late.offsets('news')
  expect(got).toEqual(range(from + 1, from + got.length))
  expect(early.offsets('news')).toEqual(range(1, 30))
})
