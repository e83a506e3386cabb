import { createClient, type RedisClientType } from '@redis/client'

/**
 * A connected client. The timeout per command is off for every program that this suite measures: with the library's default a publish costs six
 * times as much, and the figure would say nothing about the programs.
 */
export async function redisClient(url: string): Promise<RedisClientType> {
  const client = createClient({ url, commandOptions: { timeout: 0 } })
  client.on('error', (error) => {
    console.error(error)
    process.exit(1)
  })
  await client.connect()
  return client as RedisClientType
}
