import { beforeEach, describe, expect, it } from 'vitest'
import type { RawClient, WireMessage } from './raw-client.ts'
import { useWire, type WireNode } from './wire-fixture.ts'

describe('history', () => {
  const wire = useWire()
  let node: WireNode
  let client: RawClient
  let epoch: string

  beforeEach(async () => {
    node = await wire.node({ channels: { namespaces: { typing: { logged: false } } } })
    for (let n = 1; n <= 5; n++) epoch = (await node.hub.publish('news', n))?.epoch ?? ''
    client = await wire.connected(node.url)
  })

  const ask = (fields: object): Promise<WireMessage> => client.ask({ id: 2, history: { channel: 'news', ...fields } })
  const offsets = ({ history }: WireMessage): unknown => history?.publications.map(({ offset }) => offset)

  it.each([{}, { limit: 0 }])('without a limit gives the position only: %j', async (fields) => {
    expect(await ask(fields)).toEqual({ id: 2, history: { publications: [], offset: 5, epoch } })
  })

  it('gives the oldest ones first, up to the limit', async () => {
    expect(await ask({ limit: 2 })).toEqual({
      id: 2,
      history: {
        publications: [
          { data: 1, offset: 1 },
          { data: 2, offset: 2 },
        ],
        offset: 5,
        epoch,
      },
    })
  })

  it('with a negative limit gives all', async () => {
    expect(offsets(await ask({ limit: -1 }))).toEqual([1, 2, 3, 4, 5])
  })

  it('is capped by the limit of the hub', async () => {
    const small = await wire.node({ limits: { maxPublicationsPerReply: 3 } })
    client = await wire.connected(small.url)
    expect(offsets(await ask({ limit: -1 }))).toEqual([1, 2, 3])
    expect(offsets(await ask({ limit: 100 }))).toEqual([1, 2, 3])
  })

  it('since a position begins behind it', async () => {
    expect(offsets(await ask({ limit: 2, since: { epoch, offset: 2 } }))).toEqual([3, 4])
  })

  it('in reverse begins at the newest', async () => {
    expect(offsets(await ask({ limit: 2, reverse: true }))).toEqual([5, 4])
  })

  it('in reverse since a position goes down from below it', async () => {
    expect(offsets(await ask({ limit: 2, reverse: true, since: { epoch, offset: 4 } }))).toEqual([3, 2])
  })

  it('since a position of another history is answered with 112', async () => {
    const reply = await ask({ limit: 2, since: { epoch: 'another', offset: 2 } })
    expect(reply.error).toEqual({ code: 112, message: 'unrecoverable position' })
  })

  it('of a channel without a log is answered with 108', async () => {
    expect((await ask({ channel: 'typing:1' })).error).toEqual({ code: 108, message: 'not available' })
  })

  it("of somebody else's personal channel is answered with 103", async () => {
    expect((await ask({ channel: '#bob', limit: 9 })).error).toEqual({ code: 103, message: 'permission denied' })
  })

  it.each([{ limit: '3' }, { limit: 1.5 }, { since: 3 }, { since: { offset: -1 } }])(
    'with a field of a wrong type is answered with 107: %j',
    async (fields) => {
      expect((await ask(fields)).error).toMatchObject({ code: 107 })
    },
  )
})
