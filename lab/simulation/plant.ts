/** A class of the product whose methods are replaced from outside. */
type Patched = { readonly prototype: Record<string, unknown> }
type Method = (this: unknown, ...args: readonly unknown[]) => unknown

/** Faults that can be planted in the product, to show that the simulation finds them. Each replaces methods from outside; the product has no switches. */
const PLANTS: Readonly<Record<string, () => Promise<void>>> = {
  /** A node that misses a hint does not read the log. */
  'no-resync': () => replace('hub/sequencer.js', 'Sequencer', 'resync', () => () => Promise.resolve()),

  /** A hint that is the next but one counts as the next. */
  'loose-hints': () =>
    replace(
      'hub/sequencer.js',
      'Sequencer',
      'hint',
      (original) =>
        function (bytes, position) {
          const own = (this as { readonly position: Place }).position
          const hint = position as Place
          const isNextButOne = hint.epoch === own.epoch && hint.offset === own.offset + 2
          return original.call(this, bytes, isNextButOne ? { ...hint, offset: hint.offset - 1 } : hint)
        },
    ),

  /** The ring leaves out the oldest publication of what it is asked for, and the client takes what comes. */
  'client-takes-gaps': async () => {
    await replace(
      'hub/ring.js',
      'Ring',
      'after',
      (original) =>
        function (offset, limit) {
          const found = original.call(this, offset, limit) as readonly unknown[] | undefined
          return found !== undefined && found.length > 1 ? found.slice(1) : found
        },
    )
    await replace(
      'client/cursor.js',
      'Cursor',
      'take',
      (original) =>
        function (publication, deliver) {
          const cursor = this as { position: Place | undefined }
          const { offset } = publication as Place
          if (cursor.position !== undefined && offset > cursor.position.offset + 1) {
            cursor.position = { ...cursor.position, offset: offset - 1 }
          }
          return original.call(this, publication, deliver)
        },
    )
  },

  /** The ring returns one publication too few. */
  'short-ring': () =>
    replace(
      'hub/ring.js',
      'Ring',
      'after',
      (original) =>
        function (offset, limit) {
          return (original.call(this, offset, limit) as readonly unknown[] | undefined)?.slice(0, -1)
        },
    ),

  /** Who comes back is given its last publication again, and takes it. */
  'repeat-on-reconnect': async () => {
    await replace(
      'hub/local-channel.js',
      'LocalChannel',
      'join',
      (original) =>
        function (subscription, recover, reply) {
          const from = recover as Place | undefined
          const earlier = from !== undefined && from.offset > 0 ? { ...from, offset: from.offset - 1 } : from
          return original.call(this, subscription, earlier, reply)
        },
    )
    await replace(
      'client/cursor.js',
      'Cursor',
      'take',
      (original) =>
        function (publication, deliver) {
          const { position } = this as { readonly position: Place | undefined }
          if (position !== undefined && (publication as Place).offset === position.offset) {
            ;(deliver as (publication: unknown) => void)(publication)
          }
          return original.call(this, publication, deliver)
        },
    )
  },

  /** Quiet channels are not compared with their logs. */
  'no-audit': () => replace('hub/audit.js', 'Audit', 'run', () => () => Promise.resolve()),

  /** The log is not told who publishes what as which number. */
  'no-producer': () =>
    replace(
      'hub/publisher.js',
      'Publisher',
      'publishAs',
      (original) =>
        function (connection, request) {
          return original.call(this, connection, { ...(request as object), producer: undefined })
        },
    ),

  /** A subscription that nobody wants any more stays subscribed at the bus. */
  'no-release': () => replace('hub/bus-subscriptions.js', 'BusSubscriptions', 'sweep', () => () => undefined),
}

interface Place {
  readonly epoch: string
  readonly offset: number
}

export const plantNames: readonly string[] = Object.keys(PLANTS)

/** Plants a fault in this process. @throws {TypeError} when there is none of that name. */
export async function plant(name: string): Promise<void> {
  const sow = PLANTS[name]
  if (sow === undefined) throw new TypeError(`there is no plant "${name}"; there are ${plantNames.join(', ')}`)
  await sow()
}

async function replace(
  file: string,
  name: string,
  ...[method, make]: readonly [string, (original: Method) => Method]
): Promise<void> {
  const module = (await import(new URL(`dist/${file}`, import.meta.resolve('oyez/package.json')).href)) as Record<
    string,
    Patched
  >
  const prototype = module[name]?.prototype
  const original = prototype?.[method]
  if (prototype === undefined || typeof original !== 'function')
    throw new Error(`${file} has no ${name}.${method} any more`)
  prototype[method] = make(original as Method)
}
