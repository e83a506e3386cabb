import { beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../../src/bus/bus.ts'
import type { RawClient, WireMessage } from './raw-client.ts'
import { useWire, type WireFixture } from './wire-fixture.ts'

/** One node with a history of 2, behind a real WebSocket server. */
export interface HistoryNode {
  readonly url: string
  /** Publishes as the server. Resolves with the epoch. */
  publish(channel: string, data: unknown): Promise<string>
}

export const SHORT_HISTORY = { defaults: { historySize: 2, publish: 'anyone' as const } }

/**
 * Cases of the official Centrifuge suites: a channel with a history of 2 after 5 publications. Every bus gives the same answers.
 *
 * @param start - Starts a fresh node; all nodes share a broker.
 */
export function historySizeCases(name: string, start: (wire: WireFixture) => Promise<HistoryNode>): void {
  describe(`with a history of 2, after 5 publications (${name})`, () => {
    const wire = useWire()
    let channel: string
    let client: RawClient
    let epoch: string
    let runs = 0

    beforeEach(async () => {
      const publisher = await start(wire)
      runs += 1
      channel = `news-${name}-${runs}`.replaceAll(' ', '-')
      for (let n = 1; n <= 5; n++) epoch = await publisher.publish(channel, n)
      // Another node: it has nothing in its own memory, so the bus answers.
      client = await wire.connected((await start(wire)).url)
    })

    const ask = (fields: object): Promise<WireMessage> =>
      client.ask({ id: 2, history: { channel, limit: -1, ...fields } })
    const offsets = ({ history }: WireMessage): unknown => history?.publications.map(({ offset }) => offset)
    const recoverFrom = (offset: number): Promise<WireMessage> =>
      client.ask({ id: 3, subscribe: { channel, recover: true, epoch, offset } })

    it('history gives the last two publications', async () => {
      const answer = await ask({})
      expect(offsets(answer)).toEqual([4, 5])
      expect(answer.history).toMatchObject({ offset: 5, epoch })
    })

    it('history in reverse gives the last two publications, the newest first', async () => {
      expect(offsets(await ask({ reverse: true }))).toEqual([5, 4])
    })

    it('history since a position gives what follows it, and is refused where that is gone', async () => {
      expect(offsets(await ask({ since: { epoch, offset: 4 } }))).toEqual([5])
      expect(offsets(await ask({ since: { epoch, offset: 3 } }))).toEqual([4, 5])
      expect(await ask({ since: { epoch, offset: 2 } })).toMatchObject({ error: { code: 112 } })
      expect(offsets(await ask({ since: { epoch, offset: 5 }, reverse: true }))).toEqual([4])
    })

    it('a client that missed exactly two publications recovers', async () => {
      const { subscribe } = await recoverFrom(3)
      expect(subscribe).toMatchObject({ was_recovering: true, recovered: true })
      expect(subscribe?.publications?.map(({ offset }) => offset)).toEqual([4, 5])
    })

    it('a client that missed three publications does not recover, and is told why', async () => {
      const { subscribe } = await recoverFrom(2)
      expect(subscribe).toMatchObject({ was_recovering: true, oyez_break: { reason: 'trimmed' } })
      expect(subscribe?.recovered ?? false).toBe(false)
      expect(subscribe?.publications ?? []).toEqual([])
    })
  })
}

/** A node of this process. */
export async function historyNode(wire: WireFixture, bus: Bus): Promise<HistoryNode> {
  const { hub, url } = await wire.node({ bus, channels: SHORT_HISTORY })
  return { url, publish: async (channel, data) => (await hub.publish(channel, data))?.epoch ?? '' }
}
