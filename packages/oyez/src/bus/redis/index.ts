export type {
  RedisAccess,
  RedisBusOptions,
  RedisClusterOptions,
  RedisPlaceOptions,
  RedisRouting,
  RedisSentinelOptions,
  RedisTarget,
} from './options.ts'
export { RedisBus } from './redis-bus.ts'
export { parseRedisUrl } from './redis-url.ts'
