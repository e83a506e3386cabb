import { expect, test } from 'vitest'
import type { ReadRequest, ReadResult } from '../../src/bus/bus.ts'
import { MemoryBus } from '../../src/bus/memory/index.ts'
import { range, useHubs } from './hub-fixture.ts'

const hubs = useHubs()

/** Notes how many bytes each read brought. */
class WeighingBus extends MemoryBus {
  readonly bytes: number[] = []

  override async read(request: ReadRequest): Promise<ReadResult> {
    const result = await super.read(request)
    if (result.verdict === 'continue') {
      this.bytes.push(result.records.reduce((sum, { record }) => sum + record.byteLength, 0))
    }
    return result
  }
}

test('a node that missed much reads it a megabyte at a time, and misses nothing', async () => {
  const bus = new WeighingBus()
  const node = await hubs.node({ inner: bus })
  const client = await node.connected()
  await client.subscribe('news')
  node.bus.dropNextHints(79)
  for (let n = 1; n <= 80; n++) await node.hub.publish('news', 'x'.repeat(50_000))
  await client.received('news', 80)
  expect(client.offsets('news')).toEqual(range(1, 80))
  expect(node.hub.stats()).toMatchObject({ breaks: 0, resyncs: 1 })
  expect(bus.bytes.filter((bytes) => bytes > 0).length).toBeGreaterThanOrEqual(4)
  expect(Math.max(...bus.bytes)).toBeLessThanOrEqual(1_048_576)
})
