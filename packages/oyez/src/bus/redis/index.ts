export type { RedisBusOptions, RedisRouting } from './options.ts'
export { RedisBus } from './redis-bus.ts'
