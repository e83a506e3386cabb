/** Ends a one-shot command, without a word, when the reader of its output goes away, as in `oyez tail … | head`: that is no error. */
export function endWithReader(): void {
  process.stdout.on('error', end)
  // A lost standard error takes nothing from the result, which goes to standard output.
  process.stderr.on('error', ignore)
}

/** Lets a server run on when its output can no longer be written: the reader of its log ended, or the disk is full. */
export function outliveReader(): void {
  process.stdout.off('error', end)
  process.stdout.on('error', ignore)
  process.stderr.on('error', ignore)
}

function end(error: NodeJS.ErrnoException): void {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
}

function ignore(): void {}
