import { beforeEach, describe, expect, it } from 'vitest'
import type { Position } from '../../src/protocol/position.ts'
import { useWire, type WireNode } from './wire-fixture.ts'

describe('subscribe with a position', () => {
  const wire = useWire()
  let node: WireNode
  let epoch: string

  beforeEach(async () => {
    node = await wire.node({ channels: { defaults: { historySize: 8 } } })
    let at: Position | undefined
    for (let n = 1; n <= 3; n++) at = await node.hub.publish('news', n)
    epoch = at?.epoch ?? ''
  })

  const ask = async (position: object, fields: object = {}): Promise<unknown> => {
    const client = await wire.connected(node.url)
    return client.ask({ id: 2, subscribe: { channel: 'news', recover: true, ...position, ...fields } })
  }

  it('gets what followed, and its own offset back', async () => {
    expect(await ask({ epoch, offset: 1 })).toEqual({
      id: 2,
      subscribe: {
        recoverable: true,
        positioned: true,
        epoch,
        offset: 1,
        was_recovering: true,
        recovered: true,
        publications: [
          { data: 2, offset: 2 },
          { data: 3, offset: 3 },
        ],
      },
    })
  })

  it('is recovered with nothing when nothing followed', async () => {
    expect(await ask({ epoch, offset: 3 })).toEqual({
      id: 2,
      subscribe: {
        recoverable: true,
        positioned: true,
        epoch,
        offset: 3,
        was_recovering: true,
        recovered: true,
      },
    })
  })

  it('from the very beginning gets everything, if everything is kept', async () => {
    expect(await ask({ epoch: '', offset: 0 })).toMatchObject({
      subscribe: { recovered: true, publications: [{ offset: 1 }, { offset: 2 }, { offset: 3 }] },
    })
  })

  it('of another history is not recovered: no publications, the newest position, and the reason', async () => {
    expect(await ask({ epoch: 'another', offset: 1 })).toEqual({
      id: 2,
      subscribe: {
        recoverable: true,
        positioned: true,
        epoch,
        offset: 3,
        was_recovering: true,
        oyez_break: { reason: 'unknown', last: { epoch: 'another', offset: 1 }, next: { epoch, offset: 3 } },
      },
    })
  })

  it('above the log is not recovered: a fork', async () => {
    expect(await ask({ epoch, offset: 9 })).toMatchObject({
      subscribe: { was_recovering: true, offset: 3, oyez_break: { reason: 'fork', fork: 3 } },
    })
  })

  it('below what is kept is not recovered: trimmed', async () => {
    for (let n = 4; n <= 30; n++) await node.hub.publish('news', n)
    const answer = await ask({ epoch, offset: 1 })
    expect(answer).toMatchObject({ subscribe: { was_recovering: true, offset: 30, oyez_break: { reason: 'trimmed' } } })
    expect(answer).not.toHaveProperty('subscribe.recovered')
    expect(answer).not.toHaveProperty('subscribe.publications')
  })

  it('is answered with 112 instead of unrecovered when the client sets that flag', async () => {
    expect(await ask({ epoch: 'another', offset: 1 }, { flag: 2 })).toEqual({
      id: 2,
      error: { code: 112, message: 'unrecoverable position' },
    })
    expect(node.hub.stats().subscriptions).toBe(0)
  })

  it('is recovered on another node of the same bus', async () => {
    const other = await wire.node()
    const client = await wire.connected(other.url)
    const reply = await client.ask({ id: 2, subscribe: { channel: 'news', recover: true, epoch, offset: 2 } })
    expect(reply.subscribe).toMatchObject({ recovered: true, offset: 2, publications: [{ data: 3, offset: 3 }] })
    await node.hub.publish('news', 4)
    expect(await client.push()).toEqual({ channel: 'news', pub: { data: 4, offset: 4 } })
  })

  it('of more than fits an answer gets the rest as pushes, in order and without a hole', async () => {
    const small = await wire.node({ limits: { maxPublicationsPerReply: 2 } })
    for (let n = 4; n <= 8; n++) await small.hub.publish('news', n)
    const client = await wire.connected(small.url)
    const reply = await client.ask({ id: 2, subscribe: { channel: 'news', recover: true, epoch, offset: 1 } })
    expect(reply.subscribe).toMatchObject({ recovered: true, offset: 1, publications: [{ offset: 2 }, { offset: 3 }] })
    for (let offset = 4; offset <= 8; offset++) expect(await client.push()).toMatchObject({ pub: { offset } })
  })

  it.each([
    ['a negative offset', { epoch: 'x', offset: -1 }],
    ['an offset that is no whole number', { epoch: 'x', offset: 1.5 }],
    ['an offset that is text', { epoch: 'x', offset: '1' }],
    ['an epoch that is no text', { epoch: 1, offset: 1 }],
  ])('with %s is answered with 107', async (_name, position) => {
    expect(await ask(position)).toMatchObject({ error: { code: 107 } })
  })
})
