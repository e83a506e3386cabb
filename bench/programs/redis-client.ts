import { createClient, type RedisClientType } from '@redis/client'

/**
 * A connected client. `timeouts: 'off'` turns off the timeout that the library puts on every command: with its default a publish costs six times as
 * much, and the figure would say little about the program around it.
 */
export async function redisClient(url: string, timeouts: 'off' | 'default' = 'off'): Promise<RedisClientType> {
  const client = createClient(timeouts === 'off' ? { url, commandOptions: { timeout: 0 } } : { url })
  client.on('error', (error) => {
    console.error(error)
    process.exit(1)
  })
  await client.connect()
  return client as RedisClientType
}
