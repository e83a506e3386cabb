import { channelHash } from './channel-hash.ts'

/**
 * Channels of a Cluster are kept in this many partitions, so that what is done once for each (subscribing, sharing a call, moving) has a bound. Fixed for
 * ever: another number would move every channel.
 */
export const PARTITIONS = 128

/**
 * The hash tag of each partition. Found by search: the shortest text in base 36 whose slot is the middle one of the partition's 128 slots. Tags that merely
 * count (`{0}` … `{127}`) would give six masters from 15 to 27 partitions each; these give them 21 or 22.
 */
const TAGS: readonly string[] = (
  '5n3 d5m 7me 3xc a2j 0i4 cu4 2jb 5js 92e bcu fvs 4xr 0mt cqt x3 dhn 530 3ah 70f 047 4e9 ex 6fo ' +
  '9of 57p fox j7n 00w 4ay a8 kag h8q 1j7 78o 3ia 4m0 0x6 6nf mq hx9 1nw brw fgq 4ip 81f kin i1 ' +
  '174 her 34b 7el ekm 403 0r 63e 13t 5bz n3j jbd 8le 44s 42 k4m 7lu 3ys hlk 975 k94 9k a3z ebt ' +
  '7h5 f3k 5kc 93u 6z4 2o2 4yb 0ld nc0 71v 9j6 h1h dh kd7 8x7 any 3d8 756 1gn 5rh 221 cio 01g aj9 ' +
  'su7 3hq h9a daw 6ov la afp 846 7y7 3l1 5za 1og 6k6 g0h ab0 09n 35r jg4 l5l hdb 1b 62u 8i5 i2k ' +
  '312 bjl 12d 5cj gmk 665 0dm 45c'
).split(' ')

const SLOTS_EACH = 16_384 / PARTITIONS

/** The partition that a channel belongs to. */
export function partitionOf(channel: string): number {
  return channelHash(channel) % PARTITIONS
}

export function tagOfPartition(partition: number): string {
  return TAGS[partition] ?? ''
}

/** The one hash slot in which everything of a partition is. */
export function slotOfPartition(partition: number): number {
  return partition * SLOTS_EACH + SLOTS_EACH / 2
}

/** The partition whose slot this is; most slots have none. */
export function partitionOfSlot(slot: number): number | undefined {
  return slot % SLOTS_EACH === SLOTS_EACH / 2 ? (slot - SLOTS_EACH / 2) / SLOTS_EACH : undefined
}
