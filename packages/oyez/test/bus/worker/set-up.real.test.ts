import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkerBus } from '../../../src/bus/worker/index.ts'
import { Cluster, eventually } from '../../fixture/cluster.ts'

describe('setting up worker buses', () => {
  let cluster: Cluster

  beforeEach(() => {
    cluster = Cluster.start()
  })

  afterEach(() => cluster.end())

  it('a broker may start after the workers when they were forked with advanced serialization', async () => {
    await cluster.ask('primary', 'setup', { serialization: 'advanced' })
    await cluster.fork('w')
    const started = cluster.ask('w', 'start', 'w')
    await cluster.ask('primary', 'serve')
    await started
    expect(await cluster.ask('primary', 'stats')).toMatchObject({ buses: 1 })
  })

  it('a broker says what is wrong when workers were forked with JSON serialization', async () => {
    await cluster.fork('w')
    await expect(cluster.ask('primary', 'serve')).rejects.toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining("setupPrimary({ serialization: 'advanced' })") as string,
    })
  })

  it('a bus says what is wrong when its worker was forked with JSON serialization', async () => {
    await cluster.ask('primary', 'serve')
    await cluster.ask('primary', 'setup', { serialization: 'json' })
    await cluster.fork('w')
    await expect(cluster.ask('w', 'start', 'w')).rejects.toMatchObject({
      name: 'BusError',
      code: 'refused',
      message: expect.stringContaining("setupPrimary({ serialization: 'advanced' })") as string,
    })
  })

  it('a bus says what is missing when no broker answers', async () => {
    await cluster.fork('w')
    await expect(cluster.ask('w', 'start', 'w', { startTimeoutMs: 500 })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('new WorkerBroker().start()') as string,
    })
  })

  it('a bus outside of a cluster worker says so', async () => {
    const bus = new WorkerBus()
    await expect(bus.start({ onPublication: () => {}, onStatus: () => {} })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('worker of node:cluster') as string,
    })
  })

  it('a second broker in the same primary is refused', async () => {
    await cluster.ask('primary', 'serve')
    await expect(cluster.ask('primary', 'serve')).rejects.toMatchObject({ name: 'TypeError' })
  })

  it('a bus joins the broker that takes the place of another, and says that there may be a gap', async () => {
    await cluster.ask('primary', 'serve')
    await cluster.node('w')
    await cluster.ask('w', 'subscribe', 'w', ['news'])
    await cluster.ask('primary', 'endService')
    await cluster.ask('primary', 'serve')
    const said = await eventually(
      () => cluster.ask<{ statuses: { state: string }[] }>('w', 'said', 'w'),
      ({ statuses }) => statuses.some(({ state }) => state === 'gap'),
    )
    expect(said.statuses.map(({ state }) => state)).toEqual(['up', 'down', 'up', 'gap'])
    await cluster.ask('w', 'append', 'w', 'news', 'a')
    await eventually(
      () => cluster.ask<{ heard: unknown[] }>('w', 'said', 'w'),
      ({ heard }) => heard.length === 1,
    )
  })
})
