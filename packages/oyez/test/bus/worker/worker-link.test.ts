import { describe, expect, it } from 'vitest'
import type { BrokerItem } from '../../../src/bus/worker/wire.ts'
import { RemoteBus, WorkerLink } from '../../../src/bus/worker/worker-link.ts'

describe('the way to a worker', () => {
  it('carries everything of one turn in one message per bus, in order', async () => {
    const { link, bus, sent } = make(10_000)
    const other = new RemoteBus('other', link)
    bus.hint('c', bytes(1), { epoch: 'e', offset: 1 })
    bus.reply(7, undefined, 0)
    other.hint('c', bytes(1), { epoch: 'e', offset: 1 })
    bus.hint('c', bytes(1), { epoch: 'e', offset: 2 })
    await turn()
    expect(sent.map(({ batch }) => batch.map(({ kind }) => kind))).toEqual([['hint', 'reply', 'hint'], ['hint']])
  })

  it('keeps no hints above its bound, and tells which channels lost some when the worker has drained', async () => {
    const { bus, link, sent } = make(1_000)
    for (const channel of ['kept', 'lost', 'lost', 'gone']) bus.hint(channel, bytes(950), undefined)
    await turn()
    expect(sent[0]?.batch.length).toBe(1)
    expect(link.outstandingBytes).toBeLessThan(2_000)
    expect(link.missed).toBe(3)

    sent[0]?.taken()
    bus.hint('live again', bytes(1), undefined)
    await turn()
    expect(sent[1]?.batch).toEqual([
      { kind: 'gap', channels: ['lost', 'gone'] },
      { kind: 'hint', channel: 'live again', bytes: bytes(1), position: undefined },
    ])
    sent[1]?.taken()
    expect(link.outstandingBytes).toBe(0)
  })

  it('names no channels when very many lost hints', async () => {
    const { bus, sent } = make(1_000)
    for (let n = 0; n < 2_000; n++) bus.hint(`c${n}`, bytes(950), undefined)
    await turn()
    sent[0]?.taken()
    await turn()
    expect(sent[1]?.batch).toEqual([{ kind: 'gap', channels: undefined }])
  })

  it('answers calls also while it keeps no hints', async () => {
    const { bus, sent } = make(1_000)
    bus.hint('c', bytes(2_000), undefined)
    bus.reply(1, 'answer', 0)
    await turn()
    expect(sent[0]?.batch.map(({ kind }) => kind)).toEqual(['hint', 'reply'])
  })

  it('sends nothing when the worker is gone', async () => {
    const { bus, link, sent } = make(1_000)
    bus.hint('c', bytes(1), undefined)
    link.end()
    bus.hint('c', bytes(1), undefined)
    await turn()
    expect(sent).toEqual([])
    expect(link.outstandingBytes).toBe(0)
  })
})

interface Sent {
  readonly batch: readonly BrokerItem[]
  readonly taken: () => void
}

function make(maxOutstandingBytes: number): { link: WorkerLink; bus: RemoteBus; sent: Sent[] } {
  const sent: Sent[] = []
  const link = new WorkerLink(({ batch }, done) => sent.push({ batch, taken: () => done(null) }), maxOutstandingBytes)
  const bus = new RemoteBus('bus', link)
  link.buses.set(bus.id, bus)
  return { link, bus, sent }
}

function bytes(count: number): Uint8Array {
  return new Uint8Array(count)
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
