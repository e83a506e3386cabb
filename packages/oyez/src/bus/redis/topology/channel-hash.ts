/**
 * A hash of a name, 32 bits. It decides where channels are kept, so it never changes: FNV-1a over the UTF-16 code units, and the finalizer of MurmurHash3,
 * without which names that differ in their last character only would end up side by side.
 */
export function channelHash(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return mixed(hash)
}

/** The finalizer of MurmurHash3: every bit of the input changes half of the output. */
export function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16)
  mix = Math.imul(mix, 0x85ebca6b)
  mix ^= mix >>> 13
  mix = Math.imul(mix, 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
