import { expect, it } from 'vitest'
import { KeySpace } from '../../../../src/bus/redis/key-space.ts'
import {
  partitionOf,
  partitionOfSlot,
  PARTITIONS,
  slotOfPartition,
  tagOfPartition,
} from '../../../../src/bus/redis/topology/partition.ts'

const all = Array.from({ length: PARTITIONS }, (_, partition) => partition)

/** As the specification of Redis Cluster has it: CRC16 (XModem) of what is between the first braces. */
function slotOfKey(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % 16_384
}

it('the slots are computed as Redis does', () => {
  expect(slotOfKey('123456789')).toBe(0x31c3 % 16_384)
})

it('each tag has the slot of its partition, and no two are the same', () => {
  for (const partition of all) {
    expect(slotOfKey(`x:{${tagOfPartition(partition)}}:y`)).toBe(slotOfPartition(partition))
    expect(partitionOfSlot(slotOfPartition(partition))).toBe(partition)
  }
  expect(new Set(all.map(tagOfPartition)).size).toBe(PARTITIONS)
  expect([0, 1, 63, 65, 16_383].map(partitionOfSlot)).toEqual(Array.from({ length: 5 }))
})

it('everything of a channel is in the slot of its partition, whatever its name', () => {
  const keys = new KeySpace('oyez', { tagOf: (channel) => tagOfPartition(partitionOf(channel)) })
  for (const channel of ['room:1', '{a}', 'x{y}z', '}{', '#bob', 'ü', '%7B']) {
    const slot = slotOfPartition(partitionOf(channel))
    for (const name of [keys.meta(channel), keys.log(channel), keys.hints(channel), keys.fence(channel)]) {
      expect(slotOfKey(name), name).toBe(slot)
    }
  }
})

it.each([3, 6, 10, 16])('%i masters with even slots have nearly as many partitions each', (masters) => {
  const counts = Array.from({ length: masters }, () => 0)
  for (const partition of all) counts[Math.floor((slotOfPartition(partition) * masters) / 16_384)]! += 1
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
})

it('channels are spread evenly over the partitions', () => {
  const counts = Array.from({ length: PARTITIONS }, () => 0)
  for (let n = 0; n < 64_000; n++) counts[partitionOf(`room:${n}`)]! += 1
  expect(Math.min(...counts)).toBeGreaterThan(400)
  expect(Math.max(...counts)).toBeLessThan(600)
})

it('where channels belong never changes', () => {
  expect(['room:1', 'room:2', '#bob', 'häuser', '@control'].map(partitionOf)).toMatchInlineSnapshot(`
    [
      24,
      67,
      40,
      17,
      36,
    ]
  `)
})
