import type { Random } from '../random.ts'
import { RedisCluster } from './redis-cluster.ts'
import { SentinelTrio } from './sentinel-trio.ts'
import type { Setup } from './setup.ts'
import { SingleRedis, type Store, WorkerStore } from './store.ts'

export async function openStore(setup: Setup, directory: string, random: Random): Promise<Store> {
  switch (setup.store) {
    case 'worker':
      return new WorkerStore()
    case 'redis':
    case 'redis-rdb':
    case 'redis-aof':
      return SingleRedis.start(setup, directory, random)
    case 'sentinel':
      return SentinelTrio.start(directory)
    case 'cluster':
      return RedisCluster.start(directory)
  }
}
