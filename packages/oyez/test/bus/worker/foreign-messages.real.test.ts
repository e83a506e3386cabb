import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENVELOPE } from '../../../src/bus/worker/wire.ts'
import { Cluster, eventually } from '../../fixture/cluster.ts'

interface Said {
  readonly heard: { readonly text: string }[]
}

describe('messages of others on the IPC channels', () => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = Cluster.start()
    await cluster.ask('primary', 'serve')
    await cluster.node('w')
    await cluster.ask('w', 'subscribe', 'w', ['news'])
  })

  afterAll(() => cluster.end())

  it('arrive at the application and leave the bus alone', async () => {
    const messages = ['text', 7, null, true, [], {}, { oyez: true }, { type: 'append', channel: 'news' }]
    for (const message of messages) await cluster.ask('primary', 'say', 'w', message)
    const own = await eventually(
      () => cluster.ask<unknown[]>('w', 'foreign'),
      (foreign) => foreign.filter((message) => !isOurs(message)).length >= messages.length,
    )
    expect(own.filter((message) => !isOurs(message))).toEqual(messages)
    await stillWorks()
  })

  it('that look like ours and are not are counted and leave the bus alone', async () => {
    const append = { channel: 'news', record: 'no bytes', retention: {} }
    for (const batch of [
      [null, 1, 'x', [], {}],
      [{ id: 'x', op: 'ping' }],
      [{ id: 1, op: 'append', request: append }],
      [{ id: 1, op: 'subscribe', channels: [1] }],
      [{ id: 1, op: '__proto__' }],
    ]) {
      await cluster.ask('w', 'speak', { oyez: ENVELOPE, bus: 'nobody', batch })
      await cluster.ask('primary', 'say', 'w', { oyez: ENVELOPE, bus: 'nobody', batch })
    }
    for (const bad of [
      { oyez: ENVELOPE },
      { oyez: ENVELOPE, bus: 1, batch: [] },
      { oyez: 'oyez/worker-bus/99', bus: 'w', batch: [1] },
    ]) {
      await cluster.ask('w', 'speak', bad)
      await cluster.ask('primary', 'say', 'w', bad)
    }
    await stillWorks()
    expect(await cluster.ask('primary', 'stats')).toMatchObject({ malformed: 9, buses: 1 })
  })

  let round = 0
  async function stillWorks(): Promise<void> {
    round += 1
    await cluster.ask('w', 'append', 'w', 'news', `round ${round}`)
    await eventually(
      () => cluster.ask<Said>('w', 'said', 'w'),
      ({ heard }) => heard.at(-1)?.text === `round ${round}`,
    )
  }
})

function isOurs(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'oyez' in message && message.oyez === ENVELOPE
}
