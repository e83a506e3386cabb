import { FrameError } from '../../protocol/codec.ts'
import { utf8Text } from './utf8-text.ts'
import { DELIMITED, FIXED32, FIXED64, GROUP_END, GROUP_START, VARINT } from './wire-type.ts'

const MAX_GROUP_DEPTH = 32

/**
 * Reads one Protobuf message, field by field, without copying. Whatever the bytes are, it comes to their end or throws {@link FrameError}: every
 * step moves forward, and no length is believed before it was compared with what is there.
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  #field = 0
  #wireType = 0
  /** The lower 32 bits of the last varint. */
  #low = 0

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Number of the current field: its value is to be read, or skipped, before going on. */
  get field(): number {
    return this.#field
  }

  /** Goes on to the next field; `false` at the end. */
  next(): boolean {
    if (this.#at >= this.#end) return false
    const tag = this.#varint()
    if (tag < 8 || tag > 0xffff_ffff) throw new FrameError('field number is out of range')
    this.#field = tag >>> 3
    this.#wireType = tag & 7
    return true
  }

  /** Of messages that follow each other, each prefixed by its length, the next one; `undefined` at the end. */
  nextMessage(): WireReader | undefined {
    return this.#at >= this.#end ? undefined : this.#sub()
  }

  /** A number from 0 to 2^64 - 1; not exact from 2^53 on, and no safe integer then. */
  number(): number {
    this.#expect(VARINT)
    return this.#varint()
  }

  /** The value of a signed field of 32 bits, or the lower half of one of 64. */
  int32(): number {
    this.number()
    return this.#low
  }

  bool(): boolean {
    return this.number() !== 0
  }

  /** A view of the frame. */
  bytes(): Buffer {
    this.#expect(DELIMITED)
    const start = this.#span()
    return this.#bytes.subarray(start, this.#at)
  }

  string(): string {
    this.#expect(DELIMITED)
    const start = this.#span()
    const text = utf8Text(this.#bytes, start, this.#at)
    if (text === undefined) throw new FrameError('string is not UTF-8')
    return text
  }

  message(): WireReader {
    this.#expect(DELIMITED)
    return this.#sub()
  }

  /** Leaves the current field out. */
  skip(): void {
    let depth = 0
    do {
      switch (this.#wireType) {
        case VARINT:
          this.#varint()
          break
        case FIXED64:
          this.#advance(8)
          break
        case FIXED32:
          this.#advance(4)
          break
        case DELIMITED:
          this.#span()
          break
        case GROUP_START:
          if (++depth > MAX_GROUP_DEPTH) throw new FrameError('groups are nested too deeply')
          break
        case GROUP_END:
          if (--depth < 0) throw new FrameError('a group ends that did not begin')
          break
        default:
          throw new FrameError('wire type is not known')
      }
    } while (depth > 0 && (this.next() || cutShort()))
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new FrameError(`field ${this.#field} has the wrong wire type`)
  }

  #sub(): WireReader {
    const start = this.#span()
    return new WireReader(this.#bytes, start, this.#at)
  }

  #varint(): number {
    const first = this.#byte()
    if (first < 0x80) return (this.#low = first)
    let low = first & 0x7f
    let high = 0
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.#byte()
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift > 28) high |= bits << (shift - 32)
      else {
        low |= bits << 28
        high = bits >> 4
      }
      if (byte >= 0x80) continue
      if (shift === 63 && byte > 1) break
      this.#low = low
      return (high >>> 0) * 0x1_0000_0000 + (low >>> 0)
    }
    throw new FrameError('varint is too long')
  }

  #byte(): number {
    if (this.#at >= this.#end) cutShort()
    return this.#bytes[this.#at++] ?? 0
  }

  /** Passes over a length and as many bytes. @returns Where they begin. */
  #span(): number {
    const length = this.#varint()
    const start = this.#at
    this.#advance(length)
    return start
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#at) cutShort()
    this.#at += bytes
  }
}

function cutShort(): never {
  throw new FrameError('message is cut short')
}
