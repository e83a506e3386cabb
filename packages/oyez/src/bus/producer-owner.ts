const OWNER = /^[\w-]{1,32}$/

/** @throws {TypeError} when an owner is not 1 to 32 letters, digits, `-` or `_`. */
export function checkOwner(owner: string | undefined): void {
  if (owner !== undefined && !OWNER.test(owner)) {
    throw new TypeError('ProducerStamp.owner must be 1 to 32 letters, digits, - or _')
  }
}
