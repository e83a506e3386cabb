import assert from 'node:assert/strict'
import { busCheck, type BusCheck } from './bus-check.ts'
import { AMPLE, bytesOf, range, textOf } from './bus-trial.ts'

/** What nodes hear, and what they do not. */
export const hintChecks: readonly BusCheck[] = [
  busCheck('a subscribed node hears an appended record with its position', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    const position = await node.store(channel, 'hear ye')
    const [heard] = await node.hears(channel, 1)
    assert.equal(textOf(heard?.bytes ?? bytesOf('')), 'hear ye')
    assert.deepEqual({ ...heard?.position }, { ...position })
  }),

  busCheck('hints of a channel come in the order of their offsets, without holes', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    await Promise.all(range(1, 300).map((n) => node.append(channel, `${n}`)))
    const heard = await node.hears(channel, 300)
    assert.deepEqual(
      heard.map(({ position }) => position?.offset),
      range(1, 300),
    )
    assert.equal(new Set(heard.map(({ position }) => position?.epoch)).size, 1)
  }),

  busCheck('every subscribed node hears a record once, the one that appended it too', async (trial) => {
    const channel = trial.channel()
    const nodes = await Promise.all([trial.node(channel), trial.node(channel), trial.node(channel)])
    await nodes[0].store(channel, 'one')
    await nodes[1].store(channel, 'two')
    for (const node of nodes) await node.hears(channel, 2)
    for (const node of nodes) assert.deepEqual(node.texts(channel), ['one', 'two'])
  }),

  busCheck('a record appended by another node right after subscribe has resolved is heard', async (trial) => {
    const writer = await trial.node()
    const reader = await trial.node()
    for (const round of range(1, 25)) {
      const channel = trial.channel()
      await reader.bus.subscribe([channel])
      await writer.store(channel, `${round}`)
      await reader.hears(channel, 1)
    }
  }),

  busCheck('a node hears nothing of channels that it has not subscribed to', async (trial) => {
    const [wanted, other, marker] = [trial.channel('wanted'), trial.channel('other'), trial.channel('marker')]
    const reader = await trial.node(wanted, marker)
    const writer = await trial.node()
    await writer.store(other, 'not for the reader')
    await writer.bus.broadcast(other, bytesOf('nor this'))
    await writer.store(wanted, 'wanted')
    await writer.store(marker, 'the end')
    await reader.hears(wanted, 1)
    await reader.hears(marker, 1)
    assert.equal(reader.heard.length, 2)
  }),

  busCheck('a node hears nothing more of a channel when unsubscribe has resolved', async (trial) => {
    const [left, marker] = [trial.channel('left'), trial.channel('marker')]
    const node = await trial.node(left, marker)
    const stays = await trial.node(left)
    await node.store(left, 'before')
    await node.hears(left, 1)
    await node.bus.unsubscribe([left])
    await node.store(left, 'after')
    await stays.hears(left, 2)
    await node.store(marker, 'the end')
    await node.hears(marker, 1)
    assert.deepEqual(node.texts(left), ['before'])
  }),

  busCheck('a node hears a channel again when it has subscribed again', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    await node.bus.unsubscribe([channel])
    await node.store(channel, 'missed')
    await node.bus.subscribe([channel])
    await node.store(channel, 'heard')
    await node.hears(channel, 1)
    assert.deepEqual(node.texts(channel), ['heard'])
    assert.equal(node.on(channel)[0]?.position?.offset, 2)
  }),

  busCheck('thousands of channels can be subscribed and unsubscribed at once', async (trial) => {
    const channels = range(1, 3_000).map(() => trial.channel())
    const writer = await trial.node()
    const reader = await trial.node(...channels)
    const some = channels.filter((_, index) => index % 100 === 0)
    await Promise.all(some.map((channel) => writer.store(channel, 'hear ye')))
    for (const channel of some) await reader.hears(channel, 1)
    const [kept = '', ...gone] = channels
    await reader.bus.unsubscribe(gone)
    await Promise.all(some.map((channel) => writer.store(channel, 'again')))
    await writer.store(kept, 'the end')
    await reader.hears(kept, 3)
    assert.equal(reader.heard.length, some.length + 2)
  }),

  busCheck('subscribe and unsubscribe of no channel at all resolve', async (trial) => {
    const node = await trial.node()
    await node.bus.subscribe([])
    await node.bus.unsubscribe([])
  }),

  busCheck('a broadcast reaches every subscribed node, has no position and is kept nowhere', async (trial) => {
    const channel = trial.channel()
    const nodes = [await trial.node(channel), await trial.node(channel)] as const
    await nodes[0].bus.broadcast(channel, bytesOf('typing'))
    for (const node of nodes) {
      const [heard] = await node.hears(channel, 1)
      assert.equal(textOf(heard?.bytes ?? bytesOf('')), 'typing')
      assert.equal(heard?.position, undefined)
    }
    assert.deepEqual(await nodes[0].records(channel), [])
    assert.equal((await nodes[0].read(channel)).head.offset, 0)
  }),

  busCheck('a broadcast that nobody wants resolves', async (trial) => {
    const node = await trial.node()
    await node.bus.broadcast(trial.channel(), bytesOf('to nobody'))
  }),

  busCheck('channel names with unusual characters are kept apart', async (trial) => {
    const suffixes = [
      'a',
      'A',
      'a b',
      'a  b',
      '{a}',
      '{a',
      'a}',
      '}a{',
      '{}',
      '"a"',
      "'a'",
      'a%20b',
      '%',
      '*',
      'a*',
      '?',
      '[a]',
      'a\\b',
      'a:b',
      'a::b',
      ':',
      '#bob',
      'ä',
      'a\u0308',
      '日本語',
      '👋🏽',
      '$1',
      '__proto__',
      'constructor',
      'a/b',
      '../a',
      ' a',
      'a ',
    ]
    const base = trial.channel()
    const channels = suffixes.map((suffix) => base + suffix)
    const reader = await trial.node(...channels)
    const writer = await trial.node()
    await Promise.all(channels.map((channel) => writer.store(channel, channel)))
    for (const channel of channels) {
      await reader.hears(channel, 1)
      assert.deepEqual(reader.texts(channel), [channel])
      assert.deepEqual(
        (await reader.records(channel)).map(({ record }) => textOf(record)),
        [channel],
      )
    }
    assert.equal(reader.heard.length, channels.length)
  }),

  busCheck('reserved names that the hubs use among themselves are channels like all others', async (trial) => {
    const channel = `@${trial.channel()}`
    const node = await trial.node(channel)
    await node.bus.broadcast(channel, bytesOf('an order'))
    await node.hears(channel, 1)
  }),

  busCheck('bytes arrive untouched, from none at all to 64 KiB', async (trial) => {
    const channel = trial.channel()
    const reader = await trial.node(channel)
    const writer = await trial.node()
    const all = Uint8Array.from({ length: 256 }, (_, index) => index)
    const large = Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31) & 0xff)
    const samples = [new Uint8Array(0), Uint8Array.of(0), Uint8Array.of(0xff), all, all.subarray(13, 200), large]
    for (const record of samples) await writer.bus.append({ channel, record, retention: AMPLE })
    for (const bytes of samples) await writer.bus.broadcast(channel, bytes)
    const heard = await reader.hears(channel, samples.length * 2)
    const kept = await reader.records(channel)
    for (const [index, sample] of samples.entries()) {
      const want = Buffer.from(sample)
      assert.ok(want.equals(heard[index]?.bytes ?? all), `record ${index} was heard otherwise`)
      assert.ok(want.equals(heard[samples.length + index]?.bytes ?? all), `broadcast ${index} was heard otherwise`)
      assert.ok(want.equals(kept[index]?.record ?? all), `record ${index} was kept otherwise`)
    }
  }),

  busCheck('bytes that were heard or read stay as they are', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    const text = (n: number): string => `${n}`.repeat(200)
    await node.store(channel, text(1))
    await node.hears(channel, 1)
    const read = await node.records(channel)
    for (const n of range(2, 200)) await node.store(channel, text(n))
    await node.hears(channel, 200)
    assert.deepEqual(node.texts(channel), range(1, 200).map(text))
    assert.equal(textOf(read[0]?.record ?? bytesOf('')), text(1))
  }),

  busCheck('a publisher may use its bytes again when the call has resolved', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node(channel)
    const record = bytesOf('first')
    await node.bus.append({ channel, record, retention: AMPLE })
    record.fill(0x78)
    await node.hears(channel, 1)
    assert.deepEqual(node.texts(channel), ['first'])
    assert.equal(textOf((await node.records(channel))[0]?.record ?? record), 'first')
  }),

  busCheck('a handler that throws harms neither the bus nor the next hint', async (trial) => {
    const channel = trial.channel()
    const node = await trial.idleNode()
    let calls = 0
    await node.bus.start({
      onPublication: (...heard) => {
        calls += 1
        node.handler.onPublication(...heard)
        throw new Error('a handler that throws on purpose')
      },
      onStatus: () => {
        throw new Error('a handler that throws on purpose')
      },
    })
    await node.bus.subscribe([channel])
    await Promise.all(range(1, 20).map((n) => node.store(channel, `${n}`)))
    await node.hears(channel, 20)
    assert.equal(calls, 20)
    assert.equal((await node.records(channel)).length, 20)
  }),

  busCheck('a handler may call the bus', async (trial) => {
    const [question, answer] = [trial.channel('question'), trial.channel('answer')]
    const node = await trial.idleNode()
    let answered: Promise<unknown> | undefined
    await node.bus.start({
      onPublication: (channel, bytes, position) => {
        node.handler.onPublication(channel, bytes, position)
        if (channel === question) answered = node.append(answer, `re: ${textOf(bytes)}`)
      },
      onStatus: () => {},
    })
    await node.bus.subscribe([question, answer])
    await node.store(question, 'who?')
    await node.hears(answer, 1)
    assert.deepEqual(node.texts(answer), ['re: who?'])
    // The hint may come before the answer to the append that caused it.
    await answered
  }),
]
