import { DELIMITED, VARINT } from './wire-type.ts'

/**
 * Writes Protobuf from the end to the beginning: when a message's length has to be written, its content stands there already, so nothing is
 * measured first and nothing moved afterwards. Callers therefore write the last field first. What is empty, zero or false is left out.
 *
 * On Node 20 a publication of a client takes 0.8 µs this way, and 9 µs with the generated code (`npm run bench -- --micro`).
 */
export class WireWriter {
  #buffer: Buffer
  /** Index of the first byte that is written. */
  #at: number

  /** @param capacity - Bytes expected; more are made room for. */
  constructor(capacity: number) {
    this.#buffer = Buffer.allocUnsafe(capacity)
    this.#at = capacity
  }

  /** Bytes written so far: to be handed to {@link WireWriter.wrap} when the content of a message has been written. */
  get size(): number {
    return this.#buffer.length - this.#at
  }

  /** What was written. The writer is not used any more. */
  finish(): Uint8Array {
    return this.#buffer.subarray(this.#at)
  }

  /** Makes all that was written since `size` was asked for the content of a field. */
  wrap(field: number, since: number): void {
    this.varint(this.size - since)
    this.varint(field * 8 + DELIMITED)
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value === undefined || value.length === 0) return
    this.#reserve(value.length + 16)
    this.#at -= value.length
    this.#buffer.set(value, this.#at)
    this.varint(value.length)
    this.varint(field * 8 + DELIMITED)
  }

  string(field: number, value: string): void {
    if (value === '') return
    const since = this.size
    this.#reserve(value.length * 3 + 16)
    if (!this.#writeAscii(value)) {
      this.#at -= Buffer.byteLength(value)
      this.#buffer.write(value, this.#at)
    }
    this.wrap(field, since)
  }

  bool(field: number, value: boolean): void {
    if (value) this.#number(field, 1)
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(field: number, value: number): void {
    if (value !== 0) this.#number(field, value)
  }

  /** Like {@link WireWriter.number}, for a field that tells 0 from absence. */
  optionalNumber(field: number, value: number | undefined): void {
    if (value !== undefined) this.#number(field, value)
  }

  varint(value: number): void {
    this.#reserve(10)
    if (value < 0x80) {
      this.#buffer[--this.#at] = value
      return
    }
    let size = 2
    for (let rest = value / 0x4000; rest >= 1; rest /= 0x80) size++
    this.#at -= size
    let at = this.#at
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#buffer[at++] = (rest % 0x80) | 0x80
    this.#buffer[at] = rest
  }

  #number(field: number, value: number): void {
    this.varint(value)
    this.varint(field * 8 + VARINT)
  }

  /** Most strings are short and ASCII, and then a loop is faster than a call into Node. Leaves no trace when the string is another. */
  #writeAscii(value: string): boolean {
    const start = this.#at - value.length
    for (let index = value.length - 1; index >= 0; index--) {
      const code = value.charCodeAt(index)
      if (code >= 0x80) return false
      this.#buffer[start + index] = code
    }
    this.#at = start
    return true
  }

  #reserve(bytes: number): void {
    if (this.#at >= bytes) return
    const { size } = this
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, size + bytes))
    const at = larger.length - size
    this.#buffer.copy(larger, at, this.#at)
    this.#buffer = larger
    this.#at = at
  }
}
