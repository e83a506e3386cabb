import { afterEach, beforeEach, expect, it } from 'vitest'
import { RedisServer, waitFor } from '../../fixture/redis-server.ts'
import { RedisNode } from './redis-node.ts'

let master: RedisServer
let replica: RedisServer
const nodes: RedisNode[] = []

beforeEach(async () => {
  const args = ['--enable-debug-command', 'yes', '--repl-diskless-sync-delay', '0']
  master = await RedisServer.start({ args })
  replica = await RedisServer.start({ args })
  await replicate(replica, master)
})
afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ bus }) => bus.close()))
  await Promise.all([master.cleanup(), replica.cleanup()])
})

async function replicate(from: RedisServer, to: RedisServer): Promise<void> {
  await from.command('REPLICAOF', '127.0.0.1', String(to.port))
  await waitFor(async () => (await from.command('INFO', 'replication')).includes('master_link_status:up'))
}

/** Waits until everything that the master has is on the replica. */
async function caughtUp(): Promise<void> {
  await waitFor(async () => {
    const offset = async (server: RedisServer): Promise<string | undefined> =>
      /master_repl_offset:(\d+)/.exec(await server.command('INFO', 'replication'))?.[1]
    return (await offset(master)) === (await offset(replica))
  })
}

async function nodeOf(server: RedisServer): Promise<RedisNode> {
  const node = await RedisNode.start({ url: server.url })
  nodes.push(node)
  return node
}

it('a promoted replica continues positions that it shares and breaks those above the fork, naming it', async () => {
  const old = await nodeOf(master)
  for (let n = 1; n <= 5; n++) await old.store('room', `m${n}`)
  const shared = (await old.read('room', { limit: 0 })).head
  await caughtUp()
  await replica.command('REPLICAOF', 'NO', 'ONE')
  await old.store('room', 'lost 6')
  const lost = await old.store('room', 'lost 7')
  const promoted = await nodeOf(replica)
  expect(await promoted.read('room', { after: lost })).toMatchObject({ verdict: 'break', reason: 'fork', fork: 5 })
  expect(await promoted.texts('room', { after: shared })).toEqual([])
  const next = await promoted.store('room', 'new 6')
  expect(next).toMatchObject({ offset: 6 })
  expect(next.epoch).not.toBe(lost.epoch)
  expect(await promoted.texts('room', { after: shared })).toEqual(['new 6'])
  expect(await promoted.texts('room', { after: { ...shared, offset: 2 } })).toEqual(['m3', 'm4', 'm5', 'new 6'])
  // The promoted log has grown past the lost offset since: the position is still not part of its history.
  await promoted.store('room', 'new 7')
  await promoted.store('room', 'new 8')
  expect(await promoted.read('room', { after: lost })).toMatchObject({ verdict: 'break', reason: 'fork', fork: 5 })
})

it('the last sixteen masters are remembered, and a position of an older one is not provable', async () => {
  const node = await nodeOf(master)
  const first = await node.store('room', 'm1')
  const ends = [first]
  for (let round = 2; round <= 18; round++) {
    // DEBUG CHANGE-REPL-ID makes the same master a new one, as a promotion would.
    await master.command('DEBUG', 'CHANGE-REPL-ID')
    ends.push(await node.store('room', `m${round}`))
  }
  expect(new Set(ends.map(({ epoch }) => epoch)).size).toBe(18)
  expect(await node.read('room', { after: first })).toMatchObject({ verdict: 'break', reason: 'unknown' })
  const second = ends[1]
  expect(await node.texts('room', { after: second, limit: 2 })).toEqual(['m3', 'm4'])
  expect(await node.read('room', { after: { epoch: second?.epoch ?? '', offset: 3 } })).toMatchObject({
    reason: 'fork',
    fork: 2,
  })
})

it('a master that is demoted under the bus is down, and comes back with a gap when it is master again', async () => {
  const node = await nodeOf(master)
  await node.bus.subscribe(['room'])
  await node.store('room', 'm1')
  await caughtUp()
  await replica.command('REPLICAOF', 'NO', 'ONE')
  const lost = await node.store('room', 'lost 2')
  await replicate(master, replica)
  await expect(node.store('room', 'never')).rejects.toMatchObject({ code: 'unavailable' })
  await node.says('down')
  await master.command('REPLICAOF', 'NO', 'ONE')
  await node.says('gap')
  expect(await node.read('room', { after: lost })).toMatchObject({ verdict: 'break', reason: 'fork', fork: 1 })
  await node.store('room', 'new 2')
  await node.hears('room', 3)
})

it('a master that changes its replication id says gap without being down', async () => {
  const node = await nodeOf(master)
  await master.command('DEBUG', 'CHANGE-REPL-ID')
  await node.says('gap')
  expect(node.states).toEqual(['up', 'gap'])
})

it('a replica is refused at the start', async () => {
  await expect(nodeOf(replica)).rejects.toThrow(
    `Redis at 127.0.0.1:${replica.port} is a read-only replica; give the address of the master`,
  )
})
