/** One record, and with it the whole history below it: histories that share a beginning share these objects. */
export interface Entry {
  readonly offset: number
  readonly bytes: Uint8Array
  readonly producer: { readonly id: string; readonly seq: number } | undefined
  readonly below: Entry | undefined
}

export interface Fork {
  readonly term: string
  readonly top: number
}

/** What a server knows of a producer. */
export interface KnownProducer {
  readonly seq: number
  /** Nothing more is taken under this id. */
  readonly isClosed: boolean
}

/** A channel's log on one server, never changed: a write makes another one, so that a replica can hold any earlier one. */
export interface LogState {
  readonly incarnation: string
  readonly term: string
  /** Newest first. */
  readonly forks: readonly Fork[]
  readonly tip: Entry | undefined
  /** Offset of the newest record that was dropped. */
  readonly trimmed: number
  readonly producers: ReadonlyMap<string, KnownProducer>
}

export function topOf(log: { readonly tip: Entry | undefined }): number {
  return log.tip?.offset ?? 0
}

export function epochOf({ incarnation, term }: LogState): string {
  return `${incarnation}.${term}`
}

/** The records above an offset, in order. */
export function entriesAbove(tip: Entry | undefined, offset: number): Entry[] {
  const entries: Entry[] = []
  for (let at = tip; at !== undefined && at.offset > offset; at = at.below) entries.push(at)
  return entries.reverse()
}

/** How many records two histories share. */
export function sharedLength(a: Entry | undefined, b: Entry | undefined): number {
  let [one, other] = [a, b]
  while (one !== other) {
    if (one !== undefined && one.offset >= (other?.offset ?? 0)) one = one.below
    else other = other?.below
  }
  return one?.offset ?? 0
}
