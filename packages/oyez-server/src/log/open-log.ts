import { HumanLog } from './human-log.ts'
import { JsonLog } from './json-log.ts'
import type { Log } from './log.ts'

/** The log in the form that the configuration asks for. */
export function openLog(form: 'human' | 'json', node: string): Log {
  return form === 'json' ? new JsonLog(node) : new HumanLog()
}
