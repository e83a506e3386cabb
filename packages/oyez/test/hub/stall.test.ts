import { afterEach, expect, test, vi } from 'vitest'
import { Housekeeping } from '../../src/hub/housekeeping.ts'
import { resolveHubOptions } from '../../src/hub/options.ts'
import { useHubs } from './hub-fixture.ts'

const hubs = useHubs()

afterEach(() => {
  vi.restoreAllMocks()
})

/** The process stands still, as under SIGSTOP or in an endless loop. */
function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('after the process stood still, every channel is read again, since the broker may have cut it off meanwhile', async () => {
  const node = await hubs.node({ times: { auditIntervalMs: 3_600_000 } })
  const warnings: string[] = []
  node.hub.on('warning', ({ message }) => warnings.push(message))
  const client = await node.connected()
  await client.subscribe('news')
  const other = await hubs.node()
  node.bus.dropNextHints(1)
  await other.hub.publish('news', 'dropped while it stood still')
  standStill(3_500)
  await client.received('news', 1)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatch(/stood still for \d+ ms/)
})

test('an ordinary pause is not a stall', () => {
  const stalls: number[] = []
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000)
  const parts = { registry: { pending: () => [] }, busSubscriptions: { sweep: () => undefined } }
  const housekeeping = new Housekeeping({
    ...(parts as unknown as ConstructorParameters<typeof Housekeeping>[0]),
    times: resolveHubOptions({ bus: {} as never }).times,
    isBusUp: () => false,
    onStall: (ms) => stalls.push(ms),
  })
  for (const now of [1_250, 4_000, 7_000, 10_001]) {
    clock.mockReturnValue(now)
    housekeeping.turn()
  }
  expect(stalls).toEqual([3_001])
})
