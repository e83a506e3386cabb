import { closeSync, openSync, writeSync } from 'node:fs'

/**
 * One line of a journal: what happened, when (ms since 1970), to which actor (a number whose name is told by its `name` line), and the rest.
 *
 * | kind | who | fields |
 * | --- | --- | --- |
 * | `name` | all | name, kind (`publisher`, `oyez`, `centrifuge`) |
 * | `on` | all | node |
 * | `off` | all | close code, reason |
 * | `err` | all | code, message |
 * | `send` | publisher | channel, n |
 * | `ack` | publisher | channel, n, epoch, offset |
 * | `nack` | publisher | channel, n, code, message |
 * | `sub` | subscriber | channel, recovered (0, 1), epoch, offset |
 * | `epoch` | subscriber | channel, epoch: the publications that follow came under it |
 * | `pub` | subscriber | channel, offset, publisher, n, and the sender as the server names it where that is not the publisher |
 * | `break` | subscriber | channel, reason, last epoch, last offset, next epoch, next offset, fork (-1 without) |
 * | `end` | subscriber | channel, epoch, offset: where its own account ends |
 */
export type JournalLine = readonly [kind: string, at: number, actor: number, ...fields: (string | number)[]]

/** Writes are collected for so long. */
const FLUSH_MS = 200
const FLUSH_CHARS = 65_536

/** A file of JSON lines that one process appends to. What was written survives the death of the process, except for the last moments. */
export class Journal {
  readonly #file: number
  readonly #timer: NodeJS.Timeout
  #text = ''

  constructor(path: string) {
    this.#file = openSync(path, 'a')
    this.#timer = setInterval(() => this.flush(), FLUSH_MS)
  }

  write(kind: string, actor: number, ...fields: (string | number)[]): void {
    this.#text += `${JSON.stringify([kind, Date.now(), actor, ...fields])}\n`
    if (this.#text.length > FLUSH_CHARS) this.flush()
  }

  flush(): void {
    if (this.#text === '') return
    writeSync(this.#file, this.#text)
    this.#text = ''
  }

  close(): void {
    clearInterval(this.#timer)
    this.flush()
    closeSync(this.#file)
  }
}
