import assert from 'node:assert/strict'
import type { ReadRequest } from '../bus/bus.ts'
import { busCheck, type BusCheck } from './bus-check.ts'
import { offsetsOf, range, textOf, textsOf } from './bus-trial.ts'

/** The log: its order, reading it, and how long it reaches back. */
export const logChecks: readonly BusCheck[] = [
  busCheck('offsets of a channel are 1, 2, 3 … in one epoch', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const positions = [await node.store(channel, 'a'), await node.store(channel, 'b'), await node.store(channel, 'c')]
    assert.deepEqual(offsetsOf(positions), [1, 2, 3])
    assert.equal(new Set(positions.map(({ epoch }) => epoch)).size, 1)
    assert.notEqual(positions[0]?.epoch, '')
  }),

  busCheck('appends of one node are stored in the order of the calls, without waiting for each', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const results = await Promise.all(range(1, 500).map((n) => node.store(channel, `${n}`)))
    assert.deepEqual(offsetsOf(results), range(1, 500))
    assert.deepEqual(textsOf(await node.records(channel)), range(1, 500).map(String))
  }),

  busCheck(
    'two nodes that append at once make one order without holes, and everybody hears that order',
    async (trial) => {
      const channel = trial.channel()
      const nodes = [await trial.node(channel), await trial.node(channel)] as const
      await Promise.all(range(1, 200).flatMap((n) => nodes.map((node, which) => node.store(channel, `${which}-${n}`))))
      const kept = await nodes[0].records(channel)
      assert.deepEqual(offsetsOf(kept), range(1, 400))
      for (const [which, node] of nodes.entries()) {
        await node.hears(channel, 400)
        assert.deepEqual(node.texts(channel), textsOf(kept))
        assert.deepEqual(
          textsOf(kept).filter((text) => text.startsWith(`${which}-`)),
          range(1, 200).map((n) => `${which}-${n}`),
        )
      }
    },
  ),

  busCheck('what one node has appended, another reads at once', async (trial) => {
    const [writer, reader] = [await trial.node(), await trial.node()]
    for (const n of range(1, 20)) {
      const channel = trial.channel()
      const position = await writer.store(channel, `${n}`)
      const result = await reader.read(channel)
      assert.deepEqual({ ...result.head }, { ...position })
      assert.equal(result.verdict === 'continue' && textOf(result.records[0]?.record ?? new Uint8Array()), `${n}`)
    }
  }),

  busCheck('a read after a position gives what follows it', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    for (const n of range(1, 10)) await node.store(channel, `${n}`)
    const { head } = await node.read(channel)
    assert.equal(head.offset, 10)
    assert.deepEqual(offsetsOf(await node.records(channel, { after: { ...head, offset: 7 } })), [8, 9, 10])
    assert.deepEqual(await node.records(channel, { after: head }), [])
  }),

  busCheck('a read with limit 0 gives the verdict and the head only', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const first = await node.store(channel, 'a')
    await node.store(channel, 'b')
    const result = await node.read(channel, { after: first, limit: 0 })
    assert.equal(result.verdict, 'continue')
    assert.deepEqual(result.verdict === 'continue' && result.records, [])
    assert.equal(result.head.offset, 2)
  }),

  busCheck('a log is read page by page, from the oldest to the newest', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    await Promise.all(range(1, 25).map((n) => node.store(channel, `${n}`)))
    const seen: number[] = []
    let page = await node.records(channel, { limit: 10 })
    const { epoch } = (await node.read(channel)).head
    while (page.length > 0) {
      assert.ok(page.length <= 10)
      seen.push(...offsetsOf(page))
      page = await node.records(channel, { limit: 10, after: { epoch, offset: seen.at(-1) ?? 0 } })
    }
    assert.deepEqual(seen, range(1, 25))
  }),

  busCheck('a log is read backwards page by page, from the newest to the oldest', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    await Promise.all(range(1, 25).map((n) => node.store(channel, `${n}`)))
    const { epoch } = (await node.read(channel)).head
    const seen: number[] = []
    let page = await node.records(channel, { limit: 10, reverse: true })
    while (page.length > 0) {
      assert.ok(page.length <= 10)
      for (const { offset, record } of page) assert.equal(textOf(record), `${offset}`)
      seen.push(...offsetsOf(page))
      page = await node.records(channel, { limit: 10, reverse: true, after: { epoch, offset: seen.at(-1) ?? 0 } })
    }
    assert.deepEqual(seen, range(25, 1))
  }),

  busCheck('a read with a limit of bytes ends before the record that would exceed it', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    for (const n of range(1, 200)) await node.store(channel, `${n % 10}`.repeat(100))
    const { head } = await node.read(channel, { limit: 0 })
    const offsets = async (more: Partial<ReadRequest>): Promise<number[]> =>
      offsetsOf(await node.records(channel, more))
    assert.deepEqual(await offsets({ maxBytes: 299 }), [1, 2])
    assert.deepEqual(await offsets({ maxBytes: 300 }), [1, 2, 3])
    assert.deepEqual(await offsets({ maxBytes: 15_050, after: { ...head, offset: 20 } }), range(21, 170))
    assert.deepEqual(await offsets({ maxBytes: 1_000_000 }), range(1, 200))
    assert.deepEqual(await offsets({ maxBytes: 1_000_000, limit: 7 }), range(1, 7))
    assert.deepEqual(await offsets({ maxBytes: 299, reverse: true }), [200, 199])
    assert.deepEqual(await offsets({ maxBytes: 300, reverse: true, after: { ...head, offset: 50 } }), [49, 48, 47])
    assert.deepEqual(await offsets({ maxBytes: 15_050, reverse: true }), range(200, 51))
    assert.deepEqual(await offsets({ maxBytes: 300, limit: 0 }), [])
  }),

  busCheck('a read with a limit of bytes gives one record at least, also when that one is larger', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    for (const size of [5_000, 1, 60_000, 0, 3_000]) await node.store(channel, 'x'.repeat(size))
    const { head } = await node.read(channel, { limit: 0 })
    const pages: number[][] = []
    for (let offset = 0; offset < 5; ) {
      pages.push(offsetsOf(await node.records(channel, { after: { ...head, offset }, maxBytes: 4_000 })))
      offset = pages.at(-1)?.at(-1) ?? 5
    }
    assert.deepEqual(pages, [[1], [2], [3], [4, 5]])
    assert.deepEqual(offsetsOf(await node.records(channel, { maxBytes: 0, reverse: true })), [5])
    assert.deepEqual(await node.records(channel, { after: head, maxBytes: 0 }), [])
  }),

  busCheck('a read of an unknown channel gives it an identity, which the first record continues', async (trial) => {
    const channel = trial.channel()
    const [one, two] = [await trial.node(), await trial.node()]
    const { head } = await one.read(channel)
    assert.equal(head.offset, 0)
    assert.notEqual(head.epoch, '')
    assert.deepEqual({ ...(await two.read(channel)).head }, { ...head })
    assert.deepEqual({ ...(await two.store(channel, 'a')) }, { ...head, offset: 1 })
    assert.deepEqual(textsOf(await one.records(channel, { after: head })), ['a'])
  }),

  busCheck(
    'heads gives the newest positions in the order asked, and undefined where there is no log',
    async (trial) => {
      const [a, none, b] = [trial.channel('a'), trial.channel('none'), trial.channel('b')]
      const node = await trial.node()
      await node.store(a, '1')
      const headOfA = await node.store(a, '2')
      const headOfB = await node.store(b, '1')
      const heads = await node.bus.heads([b, none, a, b])
      assert.deepEqual(
        heads.map((head) => head && { ...head }),
        [{ ...headOfB }, undefined, { ...headOfA }, { ...headOfB }],
      )
      assert.deepEqual(await node.bus.heads([none]), [undefined], 'heads must not begin a log')
      assert.deepEqual(await node.bus.heads([]), [])
    },
  ),

  busCheck('heads of thousands of channels come in one go', async (trial) => {
    const channels = range(1, 2_000).map(() => trial.channel())
    const node = await trial.node()
    const some = new Set(channels.filter((_, index) => index % 50 === 0))
    await Promise.all([...some].map((channel) => node.store(channel, 'a')))
    const heads = await node.bus.heads(channels)
    assert.equal(heads.length, channels.length)
    for (const [index, channel] of channels.entries())
      assert.equal(heads[index]?.offset, some.has(channel) ? 1 : undefined)
  }),

  busCheck('the identity of a quiet channel outlives its records, and nothing is skipped in silence', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const retention = { size: 100, ttlMs: 150, metaTtlMs: 600_000 }
    const first = await node.store(channel, 'a', { retention })
    const last = await node.store(channel, 'b', { retention })
    await trial.poll(2_000, async () => (await node.records(channel, { retention })).length === 0)
    assert.equal((await node.read(channel, { after: last, retention })).verdict, 'continue')
    const late = await node.read(channel, { after: first, retention })
    assert.equal(late.verdict === 'break' && late.reason, 'trimmed')
    assert.deepEqual({ ...(await node.bus.heads([channel]))[0] }, { ...last })
    assert.deepEqual({ ...(await node.store(channel, 'c', { retention })) }, { ...last, offset: 3 })
    assert.deepEqual(textsOf(await node.records(channel, { after: last })), ['c'])
  }),

  busCheck('a log that was forgotten begins anew under another epoch', async (trial) => {
    const channel = trial.channel()
    const node = await trial.node()
    const last = await node.store(channel, 'a', { retention: { size: 10, ttlMs: 100, metaTtlMs: 200 } })
    const forgotten = await trial.poll(2_000, async () => (await node.bus.heads([channel]))[0] === undefined)
    const result = await node.read(channel, { after: last })
    if (forgotten) {
      assert.equal(result.verdict === 'break' && result.reason, 'new-log')
      assert.notEqual(result.head.epoch, last.epoch)
      assert.equal(result.head.offset, 0)
    } else {
      // A bus may remember longer than it was asked to.
      assert.equal(result.verdict, 'continue')
    }
  }),
]
