import { afterEach, expect, it } from 'vitest'
import { SentinelLocator } from '../../../../src/bus/redis/topology/sentinel-locator.ts'
import { waitFor } from '../../../fixture/redis-server.ts'
import { ScriptedSentinel } from './scripted-sentinel.ts'

const [OLD, NEW] = [7001, 7002]
const login = { username: undefined, password: undefined, database: 0, tls: undefined }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function town(...sentinels: readonly (readonly [master: number, epoch: number])[]): Promise<{
  readonly sentinels: ScriptedSentinel[]
  readonly locator: SentinelLocator
}> {
  const started = await Promise.all(sentinels.map(([master, epoch]) => ScriptedSentinel.start(master, epoch)))
  const locator = new SentinelLocator({ name: 'town', seeds: started.map(({ endpoint }) => endpoint), login })
  ends.push(...started.map((sentinel) => () => sentinel.close()), () => locator.close())
  return { sentinels: started, locator }
}

it('of sentinels that disagree, the one with the highest epoch is believed', async () => {
  const { locator } = await town([OLD, 3], [NEW, 4], [OLD, 3])
  expect((await locator.locate()).port).toBe(NEW)
})

it('a sentinel that knows less and answers alone leads nobody back', async () => {
  const { locator, sentinels } = await town([OLD, 3], [NEW, 4], [NEW, 4])
  expect((await locator.locate()).port).toBe(NEW)
  let moves = 0
  locator.watch(() => moves++)
  for (const sentinel of sentinels.slice(1)) sentinel.isMute = true
  sentinels[0]?.announce(OLD, 3)
  expect((await locator.locate()).port).toBe(NEW)
  expect(await locator.confirms({ host: '127.0.0.1', port: NEW })).toBe(false)
  expect(moves).toBe(0)
})

it('most of the sentinels are believed, also when their epochs have begun anew', async () => {
  const { locator, sentinels } = await town([OLD, 9], [OLD, 9], [OLD, 9])
  expect((await locator.locate()).port).toBe(OLD)
  for (const sentinel of sentinels) sentinel.announce(NEW, 0)
  expect((await locator.locate()).port).toBe(NEW)
})

it('an announcement moves the watcher once, however many sentinels make it', async () => {
  const { locator, sentinels } = await town([OLD, 1], [OLD, 1], [OLD, 1])
  await locator.locate()
  let moves = 0
  locator.watch(() => moves++)
  for (const sentinel of sentinels) sentinel.announce(NEW, 2)
  await waitFor(() => moves > 0)
  expect((await locator.locate()).port).toBe(NEW)
  expect(moves).toBe(1)
})

it('a sentinel that does not answer holds nobody up, and is asked again', async () => {
  const { locator, sentinels } = await town([OLD, 1], [OLD, 1], [OLD, 1])
  const [mute] = sentinels
  if (mute !== undefined) mute.isMute = true
  expect((await locator.locate()).port).toBe(OLD)
  for (const sentinel of sentinels.slice(1)) await sentinel.close()
  if (mute !== undefined) mute.isMute = false
  mute?.announce(NEW, 2)
  await waitFor(async () => (await locator.locate()).port === NEW)
})
