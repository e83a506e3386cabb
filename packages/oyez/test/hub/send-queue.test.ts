import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SendQueue } from '../../src/hub/send-queue.ts'
import { Batch, type WireForm } from '../../src/hub/wire-form.ts'
import { jsonCodec } from '../../src/protocol/json-codec.ts'
import { FakeTransport } from '../../src/testing/fake-transport.ts'

function makeQueue(): { transport: FakeTransport; queue: SendQueue; form: WireForm } {
  const transport = new FakeTransport()
  const form = { codec: jsonCodec, pack: transport.pack }
  return { transport, queue: new SendQueue(transport, form), form }
}

function batchOf(form: WireForm, ...frames: string[]): Batch {
  const batch = new Batch(form)
  for (const frame of frames) batch.add(frame)
  return batch
}

test('frames and batches go out in the order of the queue, in one write', () => {
  const { transport, queue, form } = makeQueue()
  queue.push('a')
  queue.push('b')
  queue.push(batchOf(form, 'c', 'd'))
  queue.push('e')
  queue.push(batchOf(form, 'f'))
  queue.push(batchOf(form, 'g'))
  queue.unshift('first')
  queue.flush()
  expect(transport.frames).toEqual(['first', 'a', 'b', 'c', 'd', 'e', 'f', 'g'])
  expect(transport.writes).toBe(1)
  queue.flush()
  expect(transport.writes).toBe(1)
})

test('any mixture keeps its order and its bytes', () => {
  const item = fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1, maxLength: 4 }))
  fc.assert(
    fc.property(fc.array(item, { maxLength: 20 }), (items) => {
      const { transport, queue, form } = makeQueue()
      for (const one of items) queue.push(typeof one === 'string' ? one : batchOf(form, ...one))
      const expected = items.flat().map((frame) => Buffer.from(frame).toString())
      expect(queue.pendingBytes).toBe(items.flat().reduce((sum, frame) => sum + frame.length, 0))
      queue.flush()
      expect(transport.frames).toEqual(expected)
      expect(queue.pendingBytes).toBe(0)
      expect(queue.isEmpty).toBe(true)
    }),
  )
})

test('what is added to a batch after it was queued counts too', () => {
  const { transport, queue, form } = makeQueue()
  const first = batchOf(form, 'x')
  const second = batchOf(form, 'y')
  queue.push(first)
  queue.push(second)
  for (let n = 0; n < 100; n++) first.add('0123456789')
  expect(queue.pendingBytes).toBe(1_002)
  first.seal()
  expect(queue.pendingBytes).toBe(1_002)
  second.add('0123456789')
  expect(queue.pendingBytes).toBe(1_012)
  transport.stall()
  queue.flush()
  expect(queue.pendingBytes).toBe(transport.bufferedAmount)
})

test('a cleared queue sends nothing', () => {
  const { transport, queue, form } = makeQueue()
  queue.push('a')
  queue.push(batchOf(form, 'b'))
  queue.clear()
  queue.flush()
  expect(queue.pendingBytes).toBe(0)
  expect(transport.frames).toEqual([])
})

test('a batch is packed once, however many send it', () => {
  const { form } = makeQueue()
  let packs = 0
  const counted: WireForm = {
    ...form,
    pack: (frames) => {
      packs += 1
      return form.pack(frames)
    },
  }
  const batch = batchOf(counted, 'a', 'b')
  for (let n = 0; n < 10; n++) {
    const transport = new FakeTransport()
    const queue = new SendQueue(transport, counted)
    queue.push(batch)
    queue.flush()
    expect(transport.frames).toEqual(['a', 'b'])
  }
  expect(packs).toBe(1)
})
