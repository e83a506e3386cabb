import { describe, it } from 'vitest'
import type { Bus, BusHandler } from '../../src/bus/bus.ts'
import { BusError } from '../../src/bus/bus-error.ts'
import { GuardedHandler } from '../../src/bus/guarded-handler.ts'
import { MemoryBroker, MemoryBus } from '../../src/bus/memory/index.ts'
import { busChecks } from '../../src/testing/index.ts'

/** A bus that is right but for what `change` puts in its place. */
type Change = (bus: Bus) => Partial<Bus>

const faults: Record<string, readonly [foundBy: string, change: Change]> = {
  'loses one hint in fifty': [
    'hints of a channel come in the order of their offsets, without holes',
    (bus) =>
      withHandler(bus, (handler) => {
        let count = 0
        return { ...handler, onPublication: (...hint) => ++count % 50 !== 0 && handler.onPublication(...hint) }
      }),
  ],
  'delivers every hint twice': [
    'every subscribed node hears a record once, the one that appended it too',
    (bus) =>
      withHandler(bus, (handler) => ({
        ...handler,
        onPublication: (...hint) => {
          handler.onPublication(...hint)
          handler.onPublication(...hint)
        },
      })),
  ],
  'hints without a position': [
    'a subscribed node hears an appended record with its position',
    (bus) =>
      withHandler(bus, (handler) => ({
        ...handler,
        onPublication: (channel, bytes) => handler.onPublication(channel, bytes),
      })),
  ],
  'hints late, out of order': [
    'hints of a channel come in the order of their offsets, without holes',
    (bus) =>
      withHandler(bus, (handler) => ({
        ...handler,
        onPublication: (...hint) => setTimeout(() => handler.onPublication(...hint), 5 * Math.random()),
      })),
  ],
  'lets the exception of a handler out': [
    'a handler that throws harms neither the bus nor the next hint',
    (bus) => ({
      start: (handler) => {
        handler.onStatus({ state: 'up' })
        return bus.start({ ...handler, onStatus: () => {} })
      },
    }),
  ],
  'subscribes later than it says': [
    'a record appended by another node right after subscribe has resolved is heard',
    (bus) => ({
      subscribe: async (channels) => void setTimeout(() => void bus.subscribe(channels).catch(() => {}), 20),
    }),
  ],
  'does not unsubscribe': [
    'a node hears nothing more of a channel when unsubscribe has resolved',
    () => ({ unsubscribe: async () => {} }),
  ],
  'keeps broadcasts': [
    'a broadcast reaches every subscribed node, has no position and is kept nowhere',
    (bus) => ({
      broadcast: async (channel, bytes) => {
        await bus.broadcast(channel, bytes)
        await bus.append({ channel, record: bytes, retention: { size: 10, ttlMs: 1_000, metaTtlMs: 1_000 } })
      },
    }),
  ],
  'ignores the case of channel names': [
    'channel names with unusual characters are kept apart',
    (bus) => ({
      append: (request) => bus.append({ ...request, channel: request.channel.toLowerCase() }),
    }),
  ],
  'turns bytes into text': [
    'bytes arrive untouched, from none at all to 64 KiB',
    (bus) => ({
      append: (request) => bus.append({ ...request, record: Buffer.from(Buffer.from(request.record).toString()) }),
    }),
  ],
  'ignores producers': [
    'a repeated append is a duplicate: not stored, not hinted, answered with its position',
    (bus) => ({ append: (request) => bus.append({ ...request, producer: undefined }) }),
  ],
  'ignores idempotency keys': [
    'an append with a known idempotency key is a duplicate with the position of the first',
    (bus) => ({ append: (request) => bus.append({ ...request, idempotencyKey: undefined }) }),
  ],
  'never breaks': [
    'a position above the log is a fork, and the answer says what is shared',
    (bus) => ({
      read: async (request) => {
        const result = await bus.read(request)
        return result.verdict === 'continue' ? result : { verdict: 'continue', records: [], head: result.head }
      },
    }),
  ],
  'skips a record in reading': [
    'a read after a position gives what follows it',
    (bus) => ({
      read: async (request) => {
        const result = await bus.read(request)
        return result.verdict === 'break'
          ? result
          : { ...result, records: result.records.filter(({ offset }) => offset !== 9) }
      },
    }),
  ],
  'ignores the limit of a read': [
    'a read with limit 0 gives the verdict and the head only',
    (bus) => ({ read: (request) => bus.read({ ...request, limit: 1_000 }) }),
  ],
  'reads backwards as forwards': [
    'a log is read backwards page by page, from the newest to the oldest',
    (bus) => ({ read: (request) => bus.read({ ...request, reverse: false }) }),
  ],
  'gives no identity to unknown channels': [
    'a read of an unknown channel gives it an identity, which the first record continues',
    (bus) => ({
      read: async (request) => {
        const result = await bus.read(request)
        return { ...result, head: result.head.offset === 0 ? { epoch: '', offset: 0 } : result.head }
      },
    }),
  ],
  'gives heads in an order of its own': [
    'heads gives the newest positions in the order asked, and undefined where there is no log',
    (bus) => ({
      heads: async (channels) => (await bus.heads(channels)).toReversed(),
    }),
  ],
  'stores the appends of one moment in any order': [
    'appends of one node are stored in the order of the calls, without waiting for each',
    (bus) => ({
      append: async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 3 * Math.random()))
        return bus.append(request)
      },
    }),
  ],
  'keeps one record less than asked for': [
    'a reader sees exactly as many records of a long log as the retention says',
    (bus) => ({
      append: (request) => {
        const size = Math.max(1, Math.floor(request.retention.size * 0.85))
        return bus.append({ ...request, retention: { ...request.retention, size } })
      },
    }),
  ],
  'shows more records than asked for': [
    'a reader sees the newest records, exactly as many as the retention says',
    (bus) => ({
      append: (request) => bus.append({ ...request, retention: { ...request.retention, size: 10_000 } }),
      read: (request) => bus.read({ ...request, retention: { ...request.retention, size: 10_000 } }),
    }),
  ],
  'shows records that are too old': [
    'a reader sees no record once the last one is older than the retention says',
    (bus) => ({
      read: (request) => bus.read({ ...request, retention: { ...request.retention, ttlMs: 600_000 } }),
    }),
  ],
  'ignores the limit of bytes': [
    'a read with a limit of bytes ends before the record that would exceed it',
    (bus) => ({ read: (request) => bus.read({ ...request, maxBytes: undefined }) }),
  ],
  'gives an identity to whoever asks': [
    'a read that does not mint stores nothing about an unknown channel',
    (bus) => ({ read: (request) => bus.read({ ...request, mint: true }) }),
  ],
  'forgets the identity of channels without records': [
    'the identity of a channel without records lasts while its head is asked for',
    (bus) => ({
      heads: async (channels) => {
        const all = await Promise.all(
          channels.map((channel) => bus.read({ channel, limit: 0, retention: { size: 1, ttlMs: 1, metaTtlMs: 1 } })),
        )
        return all.map(({ head }) => (head.epoch === '' ? undefined : head))
      },
    }),
  ],
  'forgets who it is with the records': [
    'the identity of a quiet channel outlives its records, and nothing is skipped in silence',
    (bus) => ({
      append: ({ retention, ...request }) =>
        bus.append({ ...request, retention: { ...retention, metaTtlMs: retention.ttlMs } }),
    }),
  ],
  'does not know whose producers are whose': [
    'somebody who invents thousands of producers makes the log forget none of others',
    (bus) => ({
      append: ({ producer, ...request }) =>
        bus.append({ ...request, producer: producer && { id: producer.id, seq: producer.seq } }),
    }),
  ],
  'does not know whose closed producers are whose': [
    'somebody who closes thousands of producers makes the log forget none of others',
    (bus) => ({ closeProducer: (channel, id) => bus.closeProducer(channel, id) }),
  ],
  'closes producers in words only': [
    'closing a producer says what was stored last, and nothing more comes under its name',
    () => ({ closeProducer: async () => 3 }),
  ],
  'lets the first message of a closed producer in': [
    'a producer that stored nothing can be closed, and its first message comes too late',
    () => ({ closeProducer: async () => 0 }),
  ],
  'closes a producer and stores what is under way': [
    'of appends that are under way while their producer is closed, exactly those counted are stored',
    (bus) => ({
      closeProducer: async (channel, id) => {
        const last = await bus.closeProducer(channel, id)
        return Math.max(0, last - 1)
      },
    }),
  ],
  'stores what it refuses to acknowledge': [
    'an append is acknowledged as accepted, and a level that cannot be had stores nothing',
    (bus) => ({
      append: async (request) => {
        const result = await bus.append({ ...request, ack: undefined })
        if (request.ack !== undefined && request.ack !== 'accepted') throw new BusError('refused', 'too late')
        return result
      },
    }),
  ],
  'is never sure': [
    'a node that works confirms that it talks to the right broker',
    () => ({ confirm: async () => false }),
  ],
  'counts nothing': [
    'stats count what was heard, appended and read',
    () => ({ stats: () => ({ received: 0, unwanted: 0, appended: 0, reads: 0, reconnects: 0 }) }),
  ],
  'works on when it is closed': [
    'after close every call rejects with the code closed',
    () => ({ close: async () => {} }),
  ],
  'cannot be closed twice': [
    'closing twice is the same as closing once, also at the same time',
    (bus) => {
      let closed = false
      return {
        close: async () => {
          if (closed) throw new Error('closed before')
          closed = true
          await bus.close()
        },
      }
    },
  ],
}

describe.concurrent('the bus suite finds out a bus that', () => {
  for (const [name, [foundBy, change]] of Object.entries(faults)) {
    it(name, async ({ expect }) => {
      const broker = new MemoryBroker()
      const check = busChecks.find((one) => one.name === foundBy)
      expect(check).toBeDefined()
      await expect(check?.run(() => ({ connect: () => changed(new MemoryBus({ broker }), change) }))).rejects.toThrow()
    })
  }
})

function changed(bus: Bus, change: Change): Bus {
  const right: Bus = {
    name: bus.name,
    start: (handler) => bus.start(handler),
    subscribe: (channels) => bus.subscribe(channels),
    unsubscribe: (channels) => bus.unsubscribe(channels),
    broadcast: (channel, bytes) => bus.broadcast(channel, bytes),
    append: (request) => bus.append(request),
    read: (request) => bus.read(request),
    heads: (channels) => bus.heads(channels),
    closeProducer: (channel, id) => bus.closeProducer(channel, id),
    stats: () => bus.stats(),
    close: () => bus.close(),
  }
  return { ...right, ...change(bus) }
}

function withHandler(bus: Bus, wrap: (handler: BusHandler) => BusHandler): Partial<Bus> {
  return {
    start: (handler) => {
      const guarded = new GuardedHandler(handler)
      return bus.start(
        wrap({
          onPublication: (...hint) => guarded.onPublication(...hint),
          onStatus: (status) => guarded.onStatus(status),
        }),
      )
    },
  }
}
