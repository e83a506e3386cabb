import { expect, it } from 'vitest'
import { Registry } from '../../src/hub/registry.ts'
import type { Connection } from '../../src/hub/connection.ts'
import { deferred, useWire } from './wire-fixture.ts'

const wire = useWire()

it('a client that leaves while the application thinks about it leaves nothing behind', async () => {
  const thinking = deferred<null>()
  const asked = deferred<null>()
  const { url, hub } = await wire.node({
    async authenticate() {
      asked.resolve(null)
      await thinking.promise
      throw new Error('too late')
    },
  })
  const client = await wire.raw(url)
  const late = deferred<string>()
  hub.on('hookError', ({ hook }) => late.resolve(hook))
  client.send({ id: 1, connect: {} })
  await asked.promise
  client.terminate()
  await expect.poll(() => hub.stats().connections).toBe(0)
  thinking.resolve(null)
  expect(await late.promise).toBe('authenticate')
  expect(hub.stats()).toMatchObject({ connections: 0, users: 0, subscriptions: 0 })
})

it('a registry does not take a connection back that has ended', () => {
  const registry = new Registry()
  // The registry looks at nothing but the id.
  const connection = { id: 'c1' } as Connection
  registry.add(connection)
  registry.remove(connection, '')
  registry.dismiss(connection, '')
  expect([...registry.pending()]).toEqual([])
})
