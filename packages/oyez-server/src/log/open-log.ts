import { HumanLog } from './human-log.ts'
import type { Log } from './log.ts'

/** The log in the form that the configuration asks for. */
export async function openLog(form: 'human' | 'json', node: string): Promise<Log> {
  if (form === 'human') return new HumanLog()
  const { JsonLog } = await import('./json-log.ts')
  return new JsonLog(node)
}
