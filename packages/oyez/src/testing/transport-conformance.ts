import assert from 'node:assert/strict'
import type { Transport, TransportFrame } from '../transport/transport.ts'
import { type TransportCheck, transportCheck } from './transport-trial.ts'

/**
 * Everything that the `Transport` contract promises, as checks that any test runner can run:
 *
 * ```ts
 * for (const check of transportChecks) it(check.name, () => check.run(() => myWorld()))
 * ```
 *
 * The check of a client that never answers a close takes as long as the transport waits for it, at most 10 s.
 */
export const transportChecks: readonly TransportCheck[] = [
  transportCheck('frames arrive in the order written, each a message of its own', async (trial) => {
    const { transport, far } = await trial.connect()
    for (const texts of [['a'], ['b', 'c', 'd'], ['e']]) write(transport, texts)
    await trial.until(() => far.received.length >= 5)
    assert.deepEqual(texts(far.received), ['a', 'b', 'c', 'd', 'e'])
  }),

  transportCheck('frames arrive untouched', async (trial) => {
    const { transport, far } = await trial.connect()
    const samples = [
      '{}',
      '👋🏽 ä\u0308 日本語',
      '\u0000\u0001',
      '"\\\n\r',
      'x'.repeat(125),
      'x'.repeat(126),
      'y'.repeat(70_000),
    ]
    write(transport, samples)
    await trial.until(() => far.received.length >= samples.length)
    assert.deepEqual(texts(far.received), samples)
  }),

  transportCheck('frames packed once can be written to every transport of the kind, again and again', async (trial) => {
    const [one, two] = [await trial.connect(), await trial.connect()]
    assert.equal(one.transport.pack, two.transport.pack)
    const packed = one.transport.pack(['a', 'b'])
    const before = Buffer.from(packed.bytes)
    for (const { transport } of [one, two, one]) transport.write(packed)
    await trial.until(() => one.far.received.length >= 4 && two.far.received.length >= 2)
    assert.deepEqual(texts(one.far.received), ['a', 'b', 'a', 'b'])
    assert.deepEqual(texts(two.far.received), ['a', 'b'])
    assert.ok(before.equals(packed.bytes), 'packed bytes were written to')
  }),

  transportCheck('frames of the client arrive in order', async (trial) => {
    const { far, heard } = await trial.connect()
    const sent = ['a', '👋🏽', 'c', 'd'.repeat(1_000)]
    for (const text of sent) far.send(text)
    await trial.until(() => heard.frames.length >= sent.length)
    assert.deepEqual(texts(heard.frames), sent)
  }),

  transportCheck('close says its code and reason, after everything that was written before', async (trial) => {
    const { transport, far, heard } = await trial.connect()
    write(transport, ['last words'])
    transport.close(3001, 'shutdown')
    assert.equal(heard.closes.length, 0, 'onClose was called from inside close')
    await trial.until(() => far.closed !== undefined && heard.closes.length > 0)
    assert.deepEqual(texts(far.received), ['last words'])
    assert.deepEqual(far.closed, { code: 3001, reason: 'shutdown' })
    assert.equal(heard.closes.length, 1)
  }),

  transportCheck('terminate ends at once, without a goodbye', async (trial) => {
    const { transport, far, heard } = await trial.connect()
    transport.terminate()
    assert.equal(heard.closes.length, 0, 'onClose was called from inside terminate')
    await trial.until(() => far.closed !== undefined && heard.closes.length > 0)
    assert.equal(far.closed?.code, 1006)
    assert.equal(heard.closes[0]?.code, 1006)
  }),

  transportCheck('onClose tells the code and reason of a client that says goodbye', async (trial) => {
    const { far, heard } = await trial.connect()
    far.hangUp(4321, 'so long')
    await trial.until(() => heard.closes.length > 0)
    assert.deepEqual(heard.closes, [{ code: 4321, reason: 'so long' }])
  }),

  transportCheck('onClose tells 1006 of a client that vanishes', async (trial) => {
    const { far, heard } = await trial.connect()
    far.vanish()
    await trial.until(() => heard.closes.length > 0)
    assert.deepEqual(
      heard.closes.map(({ code }) => code),
      [1006],
    )
  }),

  transportCheck('nothing throws and nothing more is called when the connection is gone', async (trial) => {
    const { transport, far, heard } = await trial.connect()
    far.vanish()
    await trial.until(() => heard.closes.length > 0)
    for (const _ of [1, 2]) {
      write(transport, ['to nobody'])
      transport.close(3000, 'again')
      transport.terminate()
    }
    await trial.settle()
    assert.equal(heard.closes.length, 1)
    assert.equal(heard.frames.length, 0)
  }),

  transportCheck('close and terminate together end the connection once', async (trial) => {
    const { transport, heard } = await trial.connect()
    transport.close(3000, 'one')
    transport.close(3001, 'two')
    transport.terminate()
    await trial.until(() => heard.closes.length > 0)
    await trial.settle()
    assert.equal(heard.closes.length, 1)
  }),

  transportCheck('what a client does not read is counted, and its end is told', async (trial) => {
    const { transport, far, heard } = await trial.connect()
    const large = 'x'.repeat(1_000_000)
    far.pause()
    let written = 0
    while (transport.bufferedAmount < 2_000_000 && written < 100) {
      write(transport, [large])
      written += 1
      await trial.settle()
    }
    assert.ok(transport.bufferedAmount >= 2_000_000, `bufferedAmount is ${transport.bufferedAmount}`)
    assert.equal(heard.drains, 0)
    far.resume()
    await trial.until(() => heard.drains > 0 && far.received.length >= written)
    assert.equal(transport.bufferedAmount, 0)
    assert.equal(far.received.length, written)
  }),

  transportCheck('a frame over the limit ends the connection with 1009 and is not handed in', async (trial) => {
    const limit = trial.maxFrameBytes
    if (limit === undefined) return
    const { far, heard } = await trial.connect()
    far.send('x'.repeat(limit))
    await trial.until(() => heard.frames.length > 0)
    far.send('x'.repeat(limit + 1))
    await trial.until(() => heard.closes.length > 0)
    assert.equal(heard.closes[0]?.code, 1009)
    assert.equal(heard.frames.length, 1)
  }),

  transportCheck('close ends by force when the client does not answer', async (trial) => {
    const { transport, far, heard } = await trial.connect()
    far.pause()
    transport.close(3000, 'closed')
    await trial.until(() => heard.closes.length > 0, 10_000)
    assert.equal(heard.closes.length, 1)
  }),
]

function write(transport: Transport, frames: readonly string[]): void {
  // A transport of binary messages carries the text as bytes; what arrives is compared as text.
  transport.write(transport.pack(frames))
}

function texts(frames: readonly TransportFrame[]): string[] {
  return frames.map((frame) => (typeof frame === 'string' ? frame : Buffer.from(frame).toString()))
}
