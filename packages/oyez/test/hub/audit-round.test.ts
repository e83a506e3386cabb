import { expect, test } from 'vitest'
import type { Position } from '../../src/protocol/position.ts'
import { Audit } from '../../src/hub/audit.ts'
import type { LocalChannel } from '../../src/hub/local-channel.ts'
import { ScriptedBus } from './scripted-bus.ts'

/** As much of a channel as an audit looks at. */
class QuietChannel {
  readonly name = 'news'
  resyncs = 0
  readonly sequencer = {
    activity: 0,
    position: { epoch: '', offset: 0 },
    resync: (): Promise<void> => {
      this.resyncs += 1
      return Promise.resolve()
    },
  }
}

class AskedBus extends ScriptedBus {
  asked = 0

  override heads(channels: readonly string[]): Promise<readonly Position[]> {
    this.asked += 1
    return super.heads(channels)
  }
}

function setUp(): { bus: AskedBus; channel: QuietChannel; round: () => Promise<number> } {
  const bus = new AskedBus()
  const channel = new QuietChannel()
  channel.sequencer.position = bus.log('news').head
  const audit = new Audit(
    bus,
    () => [channel as unknown as LocalChannel],
    (_, error) => expect.unreachable(String(error)),
  )
  const round = async (): Promise<number> => {
    const before = bus.asked
    await audit.run()
    return bus.asked - before
  }
  return { bus, channel, round }
}

test('what is lost right after a hint is found two rounds later, which is one interval', async () => {
  const { bus, channel, round } = setUp()
  await round()
  channel.sequencer.activity += 1
  bus.log('news').append()
  expect(await round()).toBe(0)
  expect(channel.resyncs).toBe(0)
  await round()
  expect(channel.resyncs).toBe(1)
})

test('a channel that stays quiet is compared in every second round', async () => {
  const { round } = setUp()
  const asked: number[] = []
  for (let n = 0; n < 6; n++) asked.push(await round())
  expect(asked).toEqual([0, 1, 0, 1, 0, 1])
})
