import pico from 'picocolors'
import type { Log, LogFields } from './log.ts'
import { printable } from './printable.ts'

/** Lines for people: time, what, values. Warnings and errors go to standard error. */
export class HumanLog implements Log {
  info(message: string, fields?: LogFields): void {
    process.stdout.write(line(message, fields))
  }

  warn(message: string, fields?: LogFields): void {
    process.stderr.write(line(pico.yellow(message), fields))
  }

  error(message: string, fields?: LogFields): void {
    process.stderr.write(line(pico.red(message), fields))
  }
}

function line(message: string, fields: LogFields = {}): string {
  const time = new Date().toTimeString().slice(0, 8)
  const values = Object.entries(fields).map(([name, value]) => ` ${pico.dim(`${name}=`)}${shown(value)}`)
  return `${pico.dim(time)}  ${message}${values.length === 0 ? '' : ' '}${values.join('')}\n`
}

function shown(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  const safe = printable(value)
  return /^[^\s"=]+$/.test(safe) ? safe : JSON.stringify(safe)
}
