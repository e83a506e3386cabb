/** Which log, and under which master. */
export interface EpochParts {
  readonly incarnation: string
  readonly term: string
}

/** BUS.md: an epoch of the Redis bus is incarnation and term with a dot between them; that of another bus has no term. */
export function partsOf(epoch: string): EpochParts {
  const at = epoch.lastIndexOf('.')
  return at < 0 ? { incarnation: epoch, term: '' } : { incarnation: epoch.slice(0, at), term: epoch.slice(at + 1) }
}
