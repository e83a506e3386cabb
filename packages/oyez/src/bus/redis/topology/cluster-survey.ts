import type { RedisClientType } from '@redis/client'
import { addressOf, type Endpoint, type Login } from '../options.ts'
import { makeClient } from '../redis-client.ts'
import { type ClusterOpinion, parseOpinion } from './cluster-map.ts'

const ANSWER_MS = 1_000
const CONNECT_MS = 1_500

/** A node that can be asked over a connection that is there already. */
export interface Respondent {
  readonly endpoint: Endpoint
  readonly client: RedisClientType
}

/** Asks nodes what they know of their Cluster; who does not answer in time has no opinion. */
export async function survey(respondents: readonly Respondent[]): Promise<ClusterOpinion[]> {
  const opinions = await Promise.all(
    respondents.map(({ client, endpoint }) => withinTime(ask(client, endpoint), ANSWER_MS).catch(() => undefined)),
  )
  return opinions.filter((opinion) => opinion !== undefined)
}

/** Asks nodes to which there is no connection, over connections that last as long as the question. Fills `problems` by address. */
export async function surveyByCalling(
  endpoints: readonly Endpoint[],
  login: Login,
  problems: Map<string, Error>,
): Promise<ClusterOpinion[]> {
  const opinions = await Promise.all(
    endpoints.map(async (endpoint) => {
      const client = makeClient(endpoint, login)
      client.on('error', () => undefined)
      try {
        return await withinTime(
          client.connect().then(() => ask(client, endpoint)),
          CONNECT_MS,
        )
      } catch (error) {
        problems.set(addressOf(endpoint), error instanceof Error ? error : new Error(String(error)))
        return undefined
      } finally {
        client.destroy()
      }
    }),
  )
  return opinions.filter((opinion) => opinion !== undefined)
}

async function ask(client: RedisClientType, endpoint: Endpoint): Promise<ClusterOpinion | undefined> {
  const [slots, info] = await Promise.all([
    client.sendCommand<unknown>(['CLUSTER', 'SLOTS']),
    client.sendCommand<unknown>(['CLUSTER', 'INFO']),
  ])
  return parseOpinion(slots, info, endpoint)
}

async function withinTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  answer.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
